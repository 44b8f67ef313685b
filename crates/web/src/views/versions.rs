//! What JavaScript sees of a record's past.

use client::PastReading;
use serde::Serialize;
use view::RecordView;

use super::Number;

#[derive(Serialize)]
pub(crate) struct VersionsView {
    /// Whether it goes back to the first list that the hospital sealed.
    whole: bool,
    /// How many versions in the category cannot be shown: of which records they are, is not known.
    withheld: usize,
    versions: Vec<VersionView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionView {
    revision: Number,
    /// When the list that it came with was sealed; nothing where it may be older than the lists that were read.
    since: Option<Number>,
    /// When the first list without it was; nothing while it is in the newest.
    until: Option<Number>,
    view: RecordView,
}

impl VersionsView {
    /// The versions of one record (`Type/id`), the newest first.
    pub(crate) fn new(past: &PastReading, record: &str) -> Self {
        let time = |revision: u64| {
            let anchor = past.anchors.iter().find(|anchor| anchor.revision == revision);
            anchor.map(|anchor| Number::from(anchor.published_at))
        };
        let oldest = past.anchors.first().map(|anchor| anchor.revision);
        let whole = oldest.is_none_or(|revision| revision == 1);
        let all = past.history.versions();
        let shown = all.iter().rev().filter_map(|version| Some((version, version.verdict.verified()?)));
        let of_record = shown.filter(|(_, verified)| verified.record().name() == record);
        let versions = of_record.map(|(version, verified)| VersionView {
            revision: version.since.into(),
            since: time(version.since).filter(|_| whole || Some(version.since) != oldest),
            until: version.until.and_then(time),
            view: RecordView::of(verified),
        });
        let withheld = all.iter().filter(|version| version.verdict.verified().is_none()).count();
        Self { whole, withheld, versions: versions.collect() }
    }
}

//! The mapping: which views of a database may be read, and what their rows mean.
//!
//! One TOML file, read strictly (`docs/sources.md`). Names of tables and columns are plain identifiers, so that they can be
//! quoted without a doubt.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lightclient::Fault;
use serde::Deserialize;

use crate::query::{Query, QueryError};
use crate::template::{Template, TemplateError};

/// What a source holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The SQLite file.
    pub database: PathBuf,
    /// The views, in the order of the file; the first one makes the `Patient`.
    pub views: Vec<View>,
}

/// One table or SQL view that may be read.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Its name in queries.
    pub name: String,
    /// Its name in the database.
    pub table: String,
    /// The column that says whose row it is.
    pub patient: String,
    /// The columns that may be named in queries and templates.
    pub columns: BTreeMap<String, ColumnType>,
    /// Which rows become records, and in which order.
    pub query: Query,
    /// What a row becomes.
    pub template: Template,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// `2015`, `2015-02`, `2015-02-07` and longer, as text.
    Date,
    /// Whole or not.
    Number,
    /// Anything else.
    Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database: PathBuf,
    view: Vec<FileView>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileView {
    name: String,
    table: String,
    patient: String,
    columns: BTreeMap<String, ColumnType>,
    #[serde(default)]
    query: String,
    resource: serde_json::Value,
}

impl Mapping {
    /// Reads the file at `path`; the database's path is taken from its folder.
    ///
    /// # Errors
    /// [`MappingError`].
    pub fn load(path: &Path) -> Result<Self, MappingError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| MappingError::Read { path: path.to_owned(), reason: error.to_string() })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads the text of a mapping.
    ///
    /// # Errors
    /// [`MappingError`].
    pub fn parse(text: &str, folder: &Path) -> Result<Self, MappingError> {
        let file: File =
            toml::from_str(text).map_err(|error| MappingError::Toml { reason: error.to_string() })?;
        let mut views: Vec<View> = Vec::with_capacity(file.view.len());
        for view in file.view {
            if views.iter().any(|other| other.name == view.name) {
                return Err(MappingError::Twice { view: view.name });
            }
            views.push(read_view(view)?);
        }
        let makes_patients =
            views.first().is_some_and(|view| view.template.resource_type() == Some("Patient"));
        if !makes_patients {
            return Err(MappingError::NoPatients);
        }
        Ok(Self { database: folder.join(file.database), views })
    }

    /// The view with this name.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| view.name == name)
    }
}

fn read_view(file: FileView) -> Result<View, MappingError> {
    let FileView { name, table, patient, columns, query, resource } = file;
    let bad = [&name, &table, &patient].into_iter().chain(columns.keys()).find(|name| !is_identifier(name));
    if let Some(found) = bad.cloned() {
        return Err(MappingError::Identifier { view: name, found });
    }
    if !columns.contains_key(&patient) {
        return Err(MappingError::NoPatientColumn { view: name, column: patient });
    }
    let template = Template::new(resource, &columns)
        .map_err(|source| MappingError::Template { view: name.clone(), source })?;
    let query = Query::parse(&format!("{name} {query}"))
        .map_err(|source| MappingError::Query { view: name.clone(), source })?;
    let view = View { name, table, patient, columns, query, template };
    // Whether it fits the columns does not depend on whose rows are meant.
    view.query
        .compile(&view, "0")
        .map_err(|source| MappingError::Query { view: view.name.clone(), source })?;
    Ok(view)
}

fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= MAX_IDENTIFIER
        && bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Why a mapping was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// A name that is no plain identifier.
    #[error("view {view}: {found:?} is no name, expected letters, digits and underscores")]
    Identifier {
        /// The view.
        view: String,
        /// The name.
        found: String,
    },
    /// Whose row it is must be a column that is declared.
    #[error("view {view}: the patient's column {column} is not among its columns")]
    NoPatientColumn {
        /// The view.
        view: String,
        /// The column.
        column: String,
    },
    /// The first view has to say who the patients are.
    #[error("the first view makes no Patient")]
    NoPatients,
    /// The query of a view is refused.
    #[error("view {view}: {source}")]
    Query {
        /// The view.
        view: String,
        /// Why.
        source: QueryError,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The template of a view is refused.
    #[error("view {view}: {source}")]
    Template {
        /// The view.
        view: String,
        /// Why.
        source: TemplateError,
    },
    /// The file is not TOML of the right keys.
    #[error("mapping: {reason}")]
    Toml {
        /// Where and why.
        reason: String,
    },
    /// Two views have one name.
    #[error("view {view} is there twice")]
    Twice {
        /// The name.
        view: String,
    },
}

impl MappingError {
    /// Returns who is to blame: whoever wrote the mapping.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

/// The longest name.
const MAX_IDENTIFIER: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        database = "h.sqlite"
        [[view]]
        name = "patients"
        table = "patient_info"
        patient = "id"
        columns = { id = "number", name = "text" }
        resource = { resourceType = "Patient", id = "{id}", name = [{ text = "{name}" }] }
    "#;

    #[test]
    fn reads_a_mapping() {
        let mapping = Mapping::parse(GOOD, Path::new("/etc")).unwrap();
        assert_eq!(mapping.database, Path::new("/etc/h.sqlite"));
        assert_eq!(mapping.view("patients").unwrap().table, "patient_info");
        assert_eq!(mapping.view("patient_info"), None);
    }

    #[test]
    fn reads_the_mapping_that_the_documentation_shows() {
        let text = include_str!("../../../docs/sources.md");
        let example = text.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert_eq!(Mapping::parse(example, Path::new("")).unwrap().views.len(), 2);
    }

    #[test]
    fn refuses_what_could_be_read_in_two_ways() {
        let refused = |from: &str, to: &str| {
            Mapping::parse(&GOOD.replace(from, to), Path::new("")).unwrap_err().to_string()
        };
        assert!(refused("\"patient_info\"", "\"a; drop table b\"").contains("is no name"));
        assert!(refused("{ id = \"number\",", "{ \"i\\\"d\" = \"number\",").contains("is no name"));
        assert!(refused("patient = \"id\"", "patient = \"other\"").contains("not among its columns"));
        assert!(refused("\"Patient\"", "\"Person\"").contains("makes no Patient"));
        assert!(refused("{name}", "{nam}").contains("nam"));
        assert!(refused("table =", "query = \"where nam = 1\"\ntable =").contains("nam"));
        assert!(refused("table =", "tabel = \"x\"\ntable =").contains("unknown field"));
        let twice = [GOOD, &GOOD[GOOD.find("[[view]]").unwrap()..]].concat();
        assert_eq!(
            Mapping::parse(&twice, Path::new("")),
            Err(MappingError::Twice { view: "patients".to_owned() })
        );
    }
}

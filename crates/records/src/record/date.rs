//! FHIR dates as seconds.
//!
//! A FHIR `date`, `dateTime` or `instant` may be partial (`2015`, `2015-02`); it then stands for its first moment.
//! A date without a time of day is midnight UTC.
//!
//! Source: FHIR R4 §2.24 datatypes (the regular expressions of `date`, `dateTime`, `instant`).

use lightclient::Fault;

/// Parses a FHIR date into seconds since 1970-01-01T00:00:00Z (negative before); fractions are cut off.
///
/// # Errors
/// [`DateError`] if the text has not the form, or names a day or time that does not exist.
pub fn parse_date(text: &str) -> Result<i64, DateError> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = digits(parts.next(), 4)?;
    let month = parts.next().map_or(Ok(1), |month| digits(Some(month), 2))?;
    let day = parts.next().map_or(Ok(1), |day| digits(Some(day), 2))?;
    // A time needs the whole date.
    if parts.next().is_some() || (time.is_some() && date.len() != 10) {
        return Err(DateError::Form);
    }
    if year == 0 || !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return Err(DateError::NoSuchDay);
    }
    let midnight = days_since_1970(year, month, day) * 86_400;
    Ok(midnight + time.map_or(Ok(0), seconds_of_day)?)
}

/// Writes seconds since 1970 as a FHIR `instant` in UTC: `2026-11-22T09:05:07Z`.
pub fn instant(at: u64) -> String {
    let (days, second) = (at / 86_400, at % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a count of days since 1970.
///
/// Source: H. Hinnant, `civil_from_days`, in years that begin in March so that leap days come last.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days.saturating_add(719_468);
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year_of_era + u64::from(month >= 10);
    (year, if month < 10 { month + 3 } else { month - 9 }, day)
}

/// Seconds from midnight UTC of `hh:mm:ss[.fff](Z|+hh:mm|-hh:mm)`; may be negative or beyond a day by its zone.
fn seconds_of_day(text: &str) -> Result<i64, DateError> {
    let zone_at = text.find(['Z', '+', '-']).ok_or(DateError::Form)?;
    let (clock, zone) = text.split_at_checked(zone_at).ok_or(DateError::Form)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DateError::Form);
    }
    let mut parts = clock.split(':');
    let (hour, minute, second) =
        (digits(parts.next(), 2)?, digits(parts.next(), 2)?, digits(parts.next(), 2)?);
    if parts.next().is_some() {
        return Err(DateError::Form);
    }
    // A leap second (60) counts as the first second of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return Err(DateError::NoSuchTime);
    }
    Ok(hour * 3600 + minute * 60 + second - zone_offset(zone)?)
}

fn zone_offset(zone: &str) -> Result<i64, DateError> {
    if zone == "Z" {
        return Ok(0);
    }
    let (sign, offset) = zone.split_at_checked(1).ok_or(DateError::Form)?;
    let (hours, minutes) = offset.split_once(':').ok_or(DateError::Form)?;
    let (hours, minutes) = (digits(Some(hours), 2)?, digits(Some(minutes), 2)?);
    if hours > 14 || minutes > 59 {
        return Err(DateError::NoSuchTime);
    }
    let offset = hours * 3600 + minutes * 60;
    Ok(if sign == "-" { -offset } else { offset })
}

/// A number of exactly `width` ASCII digits.
fn digits(text: Option<&str>, width: usize) -> Result<i64, DateError> {
    let text = text.filter(|text| text.len() == width).ok_or(DateError::Form)?;
    text.bytes().try_fold(0, |number, byte| match byte {
        b'0'..=b'9' => Ok(number * 10 + i64::from(byte - b'0')),
        _ => Err(DateError::Form),
    })
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar; years count from March, so that the leap day is last.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let years = if month <= 2 { year - 1 } else { year };
    let months = (month + 9) % 12;
    let days_of_year = (153 * months + 2) / 5 + day - 1;
    years * 365 + years / 4 - years / 100 + years / 400 + days_of_year - 719_468
}

/// Why a text is no FHIR date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not of the form of a FHIR date.
    #[error("not of the form of a FHIR date")]
    Form,
    /// A month or day that does not exist.
    #[error("no such day")]
    NoSuchDay,
    /// A time of day or a zone that does not exist.
    #[error("no such time of day")]
    NoSuchTime,
}

impl DateError {
    /// Who wrote the date is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whole_and_partial_dates() {
        for (text, seconds) in [
            ("1970", 0),
            ("1970-01-01", 0),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29", 951_782_400),
            ("2015-02", 1_422_748_800),
            ("2015-02-07T13:28:17-05:00", 1_423_333_697),
            ("2026-10-09T18:54:00.825084+00:00", 1_791_572_040),
            ("2016-12-31T23:59:60Z", 1_483_228_800),
            ("0001-01-01", -62_135_596_800),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799),
        ] {
            assert_eq!(parse_date(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_date() {
        for text in [
            "",
            "15",
            "2015-2",
            "2015-02-7",
            "2015-02-07T",
            "2015-02-07T13:28",
            "2015-02-07T13:28:17",
            "2015T00:00:00Z",
            "2015-02T00:00:00Z",
            "2015-02-07T13:28:17.Z",
            "2015-02-07T13:28:17+0500",
            "2015-02-07 13:28:17Z",
            "+015-02-07",
            "2015-02-07-01",
            "２０１５",
            "2015-02-07T13:28:17é",
            "2015-02-07T1:28:17Z",
        ] {
            assert_eq!(parse_date(text), Err(DateError::Form), "{text}");
        }
        for text in ["0000", "2015-00", "2015-13", "2015-02-29", "1900-02-29", "2015-04-31", "2015-01-00"] {
            assert_eq!(parse_date(text), Err(DateError::NoSuchDay), "{text}");
        }
        for text in [
            "2015-02-07T24:00:00Z",
            "2015-02-07T23:60:00Z",
            "2015-02-07T23:00:61Z",
            "2015-02-07T23:00:00+15:00",
        ] {
            assert_eq!(parse_date(text), Err(DateError::NoSuchTime), "{text}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_follows_the_one_before() {
        let mut expected = parse_date("1600-01-01").unwrap();
        for year in 1600..2400 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(parse_date(&format!("{year:04}-{month:02}-{day:02}")), Ok(expected));
                    expected += 86_400;
                }
            }
        }
    }

    #[test]
    fn writes_instants() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(instant(at), text);
        }
    }
}

//! Command line arguments: `--flag value` pairs and switches, each known, none twice.

use std::collections::BTreeMap;

/// The arguments of one command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    values: BTreeMap<&'static str, String>,
}

/// Why the arguments make no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArgsError {
    #[error("{flag} is missing")]
    Missing { flag: &'static str },
    #[error("{flag} has no value")]
    NoValue { flag: &'static str },
    #[error("{flag} is given twice")]
    Twice { flag: &'static str },
    #[error("{found} is not known here")]
    Unknown { found: String },
    #[error("{flag} is {found:?}, expected {expected}")]
    Value { flag: &'static str, expected: &'static str, found: String },
}

impl Args {
    /// Reads the arguments after the command's name: `flags` take a value, `switches` none.
    pub(crate) fn parse(
        args: &[String],
        flags: &[&'static str],
        switches: &[&'static str],
    ) -> Result<Self, ArgsError> {
        let known = |names: &[&'static str], arg: &str| names.iter().find(|name| **name == arg).copied();
        let mut values = BTreeMap::new();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let (flag, value) = if let Some(flag) = known(flags, arg) {
                (flag, args.next().ok_or(ArgsError::NoValue { flag })?.clone())
            } else if let Some(switch) = known(switches, arg) {
                (switch, String::new())
            } else {
                return Err(ArgsError::Unknown { found: arg.clone() });
            };
            if values.insert(flag, value).is_some() {
                return Err(ArgsError::Twice { flag });
            }
        }
        Ok(Self { values })
    }

    /// The value of a flag that must be there.
    pub(crate) fn required(&self, flag: &'static str) -> Result<&str, ArgsError> {
        self.optional(flag).ok_or(ArgsError::Missing { flag })
    }

    /// The value of a flag that may be there.
    pub(crate) fn optional(&self, flag: &'static str) -> Option<&str> {
        self.values.get(flag).map(String::as_str)
    }

    /// Whether a switch is there.
    pub(crate) fn has(&self, switch: &'static str) -> bool {
        self.values.contains_key(switch)
    }

    /// The value of a flag that must be there, read by `read`.
    pub(crate) fn read<T>(
        &self,
        flag: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ArgsError> {
        let found = self.required(flag)?;
        read(found).ok_or_else(|| ArgsError::Value { flag, expected, found: found.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Args, ArgsError> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        Args::parse(&args, &["--rpc", "--out"], &["--demo"])
    }

    #[test]
    fn reads_flags_and_switches_in_any_order() {
        let args = parse(&["--demo", "--out", "--rpc", "--rpc", "a,b"]).unwrap();
        assert_eq!(args.required("--rpc"), Ok("a,b"));
        assert_eq!(args.optional("--out"), Some("--rpc"));
        assert!(args.has("--demo"));
        let none = parse(&[]).unwrap();
        assert!(!none.has("--demo"));
        assert_eq!(none.optional("--out"), None);
    }

    #[test]
    fn refuses_what_is_missing_doubled_or_unknown() {
        assert_eq!(parse(&["--rpc"]), Err(ArgsError::NoValue { flag: "--rpc" }));
        assert_eq!(parse(&["--rpc", "a", "--rpc", "b"]), Err(ArgsError::Twice { flag: "--rpc" }));
        assert_eq!(parse(&["--demo", "--demo"]), Err(ArgsError::Twice { flag: "--demo" }));
        assert_eq!(parse(&["--key", "a"]), Err(ArgsError::Unknown { found: "--key".into() }));
        assert_eq!(parse(&["a"]), Err(ArgsError::Unknown { found: "a".into() }));
        assert_eq!(parse(&[]).unwrap().required("--rpc"), Err(ArgsError::Missing { flag: "--rpc" }));
    }

    #[test]
    fn refuses_values_that_cannot_be_read() {
        let args = parse(&["--rpc", "x"]).unwrap();
        let read = args.read("--rpc", "a number", |text| text.parse::<u64>().ok());
        let expected = ArgsError::Value { flag: "--rpc", expected: "a number", found: "x".into() };
        assert_eq!(read, Err(expected));
    }
}

//! The origin of a gatekeeper: the audience of a request.

use core::fmt;

use lightclient::Fault;

/// A web origin in its one normal form: `https://host` or `https://host:port`, lower case, no default port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: &'static str,
    authority: String,
}

impl Origin {
    /// Parses an origin that is written in its normal form.
    ///
    /// # Errors
    /// [`OriginError`]: another scheme than http or https, anything after the port, user information, upper case,
    /// a default port, an empty host.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let (scheme, default_port, authority) = if let Some(rest) = text.strip_prefix("https://") {
            ("https", "443", rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            ("http", "80", rest)
        } else {
            return Err(OriginError::Scheme);
        };
        let (host, port) = match authority.rsplit_once(':') {
            // A colon inside the brackets of an IPv6 address separates no port.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let name =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(address) => {
                address.parse::<core::net::Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address)
            }
            None => (1..=253).contains(&host.len()) && host.bytes().all(name),
        };
        if !is_host {
            return Err(OriginError::Host);
        }
        if let Some(port) = port {
            let is_number = port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
            if !is_number || port == default_port {
                return Err(OriginError::Port);
            }
        }
        Ok(Self { scheme, authority: authority.to_owned() })
    }

    /// `http` or `https`.
    pub const fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// Host and, unless it is the default one, port.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

/// Why a text is no origin in normal form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// The host is empty, has upper case, user information, a path or other characters.
    #[error("the host of the origin is not a lower-case host name or address")]
    Host,
    /// The port is no number from 1 to 65535, or the default one.
    #[error("the port of the origin is no number or the default port")]
    Port,
    /// Neither http nor https.
    #[error("the origin does not begin with https:// or http://")]
    Scheme,
}

impl OriginError {
    /// Who configured the origin is to blame.
    pub const fn fault(&self) -> Fault {
        Fault::Caller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_origins_in_their_normal_form() {
        for (text, scheme, authority) in [
            ("https://records.example", "https", "records.example"),
            ("http://127.0.0.1:18601", "http", "127.0.0.1:18601"),
            ("https://[::1]:8443", "https", "[::1]:8443"),
            ("https://[2001:db8::1]", "https", "[2001:db8::1]"),
        ] {
            let origin = Origin::parse(text).unwrap();
            assert_eq!((origin.scheme(), origin.authority()), (scheme, authority));
            assert_eq!(origin.to_string(), text);
        }
    }

    #[test]
    fn refuses_everything_else() {
        for (text, expected) in [
            ("records.example", OriginError::Scheme),
            ("HTTPS://records.example", OriginError::Scheme),
            ("https://", OriginError::Host),
            ("https://Records.example", OriginError::Host),
            ("https://records.example/", OriginError::Host),
            ("https://me@records.example", OriginError::Host),
            ("https://records.example?x", OriginError::Host),
            ("https://[::1", OriginError::Host),
            ("https://[0:0::1]", OriginError::Host),
            ("https://records.example:443", OriginError::Port),
            ("http://records.example:80", OriginError::Port),
            ("https://records.example:", OriginError::Port),
            ("https://records.example:0", OriginError::Port),
            ("https://records.example:08443", OriginError::Port),
            ("https://records.example:65536", OriginError::Port),
        ] {
            assert_eq!(Origin::parse(text), Err(expected), "{text}");
        }
    }
}

//! lightclient

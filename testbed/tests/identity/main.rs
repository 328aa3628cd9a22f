//! Every way in which the filter learns who asks, over HTTP/1.1 and HTTP/2.

mod algorithms;
mod jwt_authn;
mod trusted_peers;

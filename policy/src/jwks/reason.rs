//! Why a key of a set is not used.

/// Why a key is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// Not a JSON object.
    #[error("not a JSON object")]
    NotAnObject,
    /// `kty` is missing or none of `RSA`, `EC`, `OKP`, `oct`.
    #[error("kty is not RSA, EC, OKP or oct")]
    UnknownType,
    /// `use` or `key_ops` keep it from verifying signatures.
    #[error("{0} says that it is not for verifying signatures")]
    NotForVerifying(&'static str),
    /// Its `alg`, or all that its type and size could do, is not accepted from this issuer.
    #[error("its algorithm is not among those accepted from this issuer")]
    AlgorithmNotAllowed,
    /// A member that its type needs is missing, of the wrong type, or not base64url.
    #[error("{0} is missing or malformed")]
    Member(&'static str),
    /// An RSA modulus of an unacceptable size.
    #[error("an RSA modulus of {bits} bits; 2048 to 8192 are accepted")]
    RsaBits {
        /// Its size.
        bits: usize,
    },
    /// An even RSA modulus is no product of two odd primes.
    #[error("an RSA modulus that is even")]
    RsaModulus,
    /// An RSA exponent that is even, less than 3 or not under 2^33.
    #[error("an RSA exponent that is not an odd number from 3 to 2^33")]
    RsaExponent,
    /// A curve that is not supported: only P-256, P-384 and Ed25519 are.
    #[error("crv is not P-256, P-384 or Ed25519")]
    Curve,
    /// A coordinate or public key of another size than its curve's (RFC 7518 §6.2.1.2).
    #[error("{member} has {bytes} bytes; its curve's has {expected}")]
    Length {
        /// `x` or `y`.
        member: &'static str,
        /// Its size.
        bytes: usize,
        /// The size it must have.
        expected: usize,
    },
    /// An Ed25519 public key under which anybody can sign (RFC 8032 §5.1.7 leaves it open).
    #[error("an Ed25519 key of small order")]
    SmallOrder,
    /// A secret shorter than the hash (RFC 7518 §3.2).
    #[error("a secret of {bytes} bytes; at least {needed} are needed")]
    ShortSecret {
        /// Its size.
        bytes: usize,
        /// The size it must have for the least of the accepted algorithms.
        needed: usize,
    },
}

//! Targets for what is parsed on its own: Envoy's metadata, JWK Sets, paths.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::{NOW, head};
use crate::claims::{ClaimPath, Claims, PairsClaims};
use crate::error::Path;
use crate::jwks::{KeySet, MAX_KEYS};
use crate::operation::OperationNames;
use crate::preset;
use crate::recognise::{PathError, Recogniser, normalise};
use crate::spec::OperationsSpec;
use crate::testing::{self, SigningKey};
use crate::token::UnverifiedToken;
use crate::trace::Silent;

/// Claims as Envoy serialises them: nothing is read beyond the bytes, and a claim that is read is
/// there.
pub fn claims_pairs(bytes: &[u8]) {
    let Ok(claims) = PairsClaims::parse(bytes) else { return };
    assert!(PairsClaims::parse(&[bytes, &[0]].concat()).is_err(), "the last byte was not read");
    for name in ["iss", "aud", "exp", "sub", "scope", "realm_access.roles", "a.b.c", "", "."] {
        let path = ClaimPath::new(name);
        let strings = claims.strings(&path);
        let scopes = claims.scopes(&path);
        let string = claims.string(&path);
        let is_read = string.is_some() || strings.is_some() || claims.number(&path).is_some();
        assert!(claims.has(&path) || !is_read, "{name} is read, but not there");
        assert_eq!(strings.is_some(), scopes.is_some());
        let words = scopes.unwrap_or_default();
        assert!(words.iter().all(|it| !it.is_empty() && !it.contains(' ')));
        let mut texts = string.iter().chain(strings.iter().flatten()).chain(&words);
        assert!(texts.all(|it| !it.contains(|c: char| c.is_ascii_control())));
    }
}

const ALGORITHMS: [Algorithm; 12] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
];

/// One token of each kind of key, without `kid`, and the JWK that verifies it.
static TOKENS: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let sets = [testing::jwks().to_owned(), testing::hmac_jwks()];
    let sets: Vec<Value> = sets.iter().map(|it| serde_json::from_str(it).unwrap()).collect();
    let jwks: Vec<&Value> = sets.iter().flat_map(|it| it["keys"].as_array().unwrap()).collect();
    [
        SigningKey::rs256(),
        SigningKey::rs256().with_algorithm(Algorithm::PS256),
        SigningKey::es256(),
        SigningKey::es384(),
        SigningKey::eddsa(),
        SigningKey::hs256(),
    ]
    .map(|key| {
        let header = testing::without(&key.header(), "kid").to_string();
        let token = testing::sign(testing::claims(NOW).to_string(), header, &key);
        let jwk = jwks.iter().find(|it| it["kid"] == key.kid).unwrap();
        (token, (*jwk).clone())
    })
    .to_vec()
});

/// A JWK Set: whatever keys it brings, only that of the signer verifies a token.
pub fn jwks(bytes: &[u8]) {
    let keys = match KeySet::parse(bytes, &ALGORITHMS) {
        Ok(keys) => keys,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert!(!keys.is_empty() && keys.len() + keys.skipped().len() <= MAX_KEYS);
    let set: Value = serde_json::from_slice(bytes).unwrap();
    let written = set["keys"].as_array().unwrap();
    for (token, jwk) in TOKENS.iter() {
        let token = UnverifiedToken::parse(token.as_bytes()).unwrap();
        let is_signed = token.verify_signature(&keys).is_ok();
        let is_there = written.iter().any(|it| material(it) == material(jwk));
        assert!(is_there || !is_signed, "a stranger's key verifies {:?}", token.algorithm());
    }
}

/// What makes a key this key and no other; a modulus may have zeros in front.
fn material(jwk: &Value) -> Option<Vec<Vec<u8>>> {
    let member = |name: &str| -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(jwk[name].as_str()?).ok()?;
        Some(bytes.into_iter().skip_while(|it| *it == 0).collect())
    };
    match jwk["kty"].as_str()? {
        "RSA" => Some(vec![member("n")?, member("e")?]),
        "EC" => Some(vec![member("x")?, member("y")?]),
        "OKP" => Some(vec![member("x")?]),
        "oct" => Some(vec![member("k")?]),
        _ => None,
    }
}

thread_local! {
    /// The presets that can stand side by side.
    static RULES: Recogniser = {
        let names = preset::ALL.iter().map(|it| it.name).filter(|it| *it != "gpt-sovits");
        let presets = names.map(str::to_owned).collect();
        let spec = OperationsSpec { presets, ..OperationsSpec::default() };
        let mut errors = Vec::new();
        let names = OperationNames::compile(&[], &Path::root(), &mut errors);
        let rules = Recogniser::compile(&spec, &names, &mut errors);
        assert_eq!(errors, []);
        rules
    };
}

/// A path: its normal form is its own normal form, in every spelling, and no rule tells them
/// apart.
pub fn path(bytes: &[u8]) {
    let Ok(normal) = normalise(bytes) else { return };
    let text = normal.as_str();
    assert!(text.starts_with('/') && !text.contains(['%', '\\', ';', '?', '#']));
    assert!(!text.contains(char::is_control));
    assert!(normal.segments().all(|it| !matches!(it, "" | "." | "..")));
    let escaped: String = text.bytes().skip(1).map(|it| format!("%{it:02x}")).collect();
    let spellings =
        [text.to_owned(), format!("{text}/."), format!("/x/..{text}?q#f"), format!("/{escaped}")];
    for spelling in spellings {
        let again = normalise(spelling.as_bytes());
        // Another spelling may be longer than a path can be.
        assert!(again == Err(PathError::TooLong) || again.as_ref() == Ok(&normal), "{spelling}");
    }
    RULES.with(|rules| {
        let ask = |path| {
            let head = head([(":method", b"POST".as_slice()), (":path", path)]);
            format!("{:?}", rules.recognise(&head, &mut Silent))
        };
        assert_eq!(ask(bytes), ask(text.as_bytes()));
    });
}

//! Writes what the fuzzer starts from to `corpus/`: `cargo run --example seeds`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use voxgate_policy::preset;
use voxgate_policy::spec::PolicySpec;
use voxgate_policy::testing::fuzz::NOW;
use voxgate_policy::testing::{self, SigningKey};

type Seeds = BTreeMap<&'static str, Vec<Vec<u8>>>;

fn main() -> std::io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = Seeds::new();
    tokens(&mut seeds);
    seeds.insert("policy_file", policies(&here.join("../envoyfilter-yaml/policies"))?);
    seeds.insert("claims_pairs", metadata());
    let sets =
        [testing::jwks().to_owned(), testing::attacker_jwks().to_owned(), testing::hmac_jwks()];
    seeds.insert("jwks", sets.map(String::into_bytes).to_vec());
    seeds.insert("path", paths());
    for (target, inputs) in seeds {
        let folder = here.join("corpus").join(target);
        std::fs::create_dir_all(&folder)?;
        for (i, input) in inputs.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{i:03}")), input)?;
        }
        println!("{target}: {} seeds", inputs.len());
    }
    Ok(())
}

/// Valid and hostile tokens, and what is in them, to be signed by the target.
fn tokens(seeds: &mut Seeds) {
    let valid = testing::valid_tokens(NOW).into_iter().map(|it| it.token.into_bytes());
    let hostile = testing::hostile_tokens(NOW).into_iter().map(|it| it.token);
    // Some are wrong by their size only, and would slow down everything made from them.
    let all: Vec<_> = valid.chain(hostile).filter(|it| it.len() <= 4096).collect();
    let inside = all.iter().filter_map(|token| {
        let mut segments = token.split(|it| *it == b'.').map(decoded);
        let (_, claims) = (segments.next()??, segments.next()??);
        Some([SigningKey::eddsa().header().to_string().as_bytes(), &[0], &claims].concat())
    });
    seeds.insert("signed_token", inside.collect());
    seeds.insert("token", all);
}

fn decoded(segment: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(segment).ok()
}

/// The shipped policies, one that says everything that can be said, and one for each preset.
fn policies(folder: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut policies = vec![EVERYTHING.as_bytes().to_vec()];
    for entry in std::fs::read_dir(folder)? {
        let yaml = std::fs::read_to_string(entry?.path())?;
        let policy: Value = serde_saphyr::from_str(&yaml).map_err(std::io::Error::other)?;
        for preset in preset::ALL {
            let mut other = policy.clone();
            other["operations"]["presets"] = serde_json::json!([preset.name]);
            policies.push(other.to_string().into_bytes());
        }
        policies.push(policy.to_string().into_bytes());
    }
    for policy in &policies {
        PolicySpec::from_json(policy).map_err(std::io::Error::other)?;
    }
    Ok(policies)
}

const EVERYTHING: &str = r#"{
 "version": 1,
 "identity": {
  "source": ["trusted_peers", "jwt_authn"],
  "issuers": [{"issuer": "i", "audiences": ["a", "b"], "algorithms": ["RS256", "PS512", "ES384"],
   "jwks": {"remote": {"uri": "https://i/keys", "cluster": "c", "timeout": "500ms",
    "refresh": "5m", "cooldown": "2s", "max_wait": "5s", "max_stale": "1day 1h"}}}],
  "clock_skew": "1m 30s", "require_expiry": false,
  "claims": {"tenant": "org.id", "scopes": ["scope", "https://x/roles"]},
  "anonymous": {"tier": "free"}, "trusted_peers": ["spiffe://a/*"],
  "metadata_keys": ["payload"], "realm": "r"},
 "operations": {
  "presets": ["openai-audio", "glm-tts"], "define": ["ops.health"],
  "rules": [{"name": "h", "methods": ["GET", "OPTIONS"], "path": "/h/{id}/**",
   "content_types": ["audio/*", "application/json"], "headers": {"x-a": "*", "X-B": "1"},
   "operations": ["ops.health", "voice.create"]}],
  "unknown": "allow"},
 "tiers": [{"name": "pro", "scopes": ["p q", "r"], "allow": ["tts.*", "ops.health"]},
  {"name": "capped", "allow": ["*"]}, {"name": "free", "allow": ["tts.synthesize"]}],
 "tenants": {"inline": [{"id": "t", "max_tier": "capped"}, {"id": "u"}]},
 "metrics": {"max_series": 100},
 "shadow": ["identity", "operations", "tiers"]
}"#;

fn metadata() -> Vec<Vec<u8>> {
    let exp = 1_700_000_300_f64.to_le_bytes();
    let roles = map(&[(b"roles", &map(&[(b"a", b""), (b"tts.basic", b"")]))]);
    let flat = map(&[(b"iss", b"https://issuer.test"), (b"aud", b"speech"), (b"exp", &exp)]);
    let nested = map(&[(b"sub", b"acme"), (b"realm_access", &roles), (b"scope", b"a b  c")]);
    vec![map(&[]), flat, nested]
}

/// A map as Envoy serialises it.
fn map(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
    let number = |it: usize| u32::try_from(it).unwrap_or_default().to_le_bytes();
    let mut map = number(pairs.len()).to_vec();
    pairs
        .iter()
        .for_each(|(name, value)| map.extend([number(name.len()), number(value.len())].concat()));
    pairs.iter().for_each(|(name, value)| map.extend([name, &[0][..], value, &[0]].concat()));
    map
}

fn paths() -> Vec<Vec<u8>> {
    let shipped = preset::ALL.iter().flat_map(|it| it.rules).map(|it| it.path.replace("**", "a/b"));
    let odd = [
        "/%2e%2E/a",
        "//a/./b/../c/?q=%00#f",
        "/a%2Fb",
        "/%e4%bd%a0/%c3%28",
        "/a;b",
        "*",
        "/%252F",
        "/a\\b",
    ];
    shipped.chain(odd.map(str::to_owned)).map(String::into_bytes).collect()
}

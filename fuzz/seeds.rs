//! Writes what the fuzzer starts from to `corpus/`: `cargo run --example seeds`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use voxgate_policy::preset;
use voxgate_policy::spec::PolicySpec;
use voxgate_policy::testing::fuzz::{self, NOW};
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
    seeds.insert("json_facts", documents());
    seeds.insert("jsonl_facts", lines());
    seeds.insert("multipart_facts", multipart_forms());
    seeds.insert("form_facts", forms());
    seeds.insert("gzip_body", gzip_bodies());
    seeds.insert("audio_header", recordings());
    seeds.insert("response_meter", responses());
    seeds.insert("rewrite", rewritten());
    streams(&mut seeds);
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
    "refresh": "5m", "cooldown": "2s", "max_wait": "5s", "max_stale": "1d 1h"}}}],
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

/// Documents, one a line; the last ones are none.
const DOCUMENTS: &str = r#"
{"model":"tts-1","input":"Hello, world.","voice":"alloy","response_format":"mp3","speed":1.5}
{"input":"你好，世界。🎙","voice":{"id":"v_1"},"stream":true,"sample_rate":24000}
{"messages":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"},{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}]}]}
{"inp\u0075t":"\ud83c\udf99 \u00e9\n\t\"\\\/\b\f\r","a\/b":{"\u00e9":{"🎙":"m"}},"":null,"\"":false}
{"input":"a","input":"b","voice":"v","voice":"w"}
{"voice":{"id":1},"voice":{"id":2}}
{"voice":"v","voice":{"id":2}}
{"messages":[{"content":"a","content":["b"]}]}
[[[["a"],"b"],{"a":{"a":{"a":"c"}}}],{"a":"d","b":["e"]}]
{"a":{"a":{"a":{"a":[{}]}},"b":[[]]}}
 [ 0 , -0.5e+10 , 1E2 , 123456789012345678901234567890 , true , false , null , "" ] 
"\ud800\udc00\udbff\udfff"
"\ud800\n"
"\udc00"
"1234567\u00"
{"a":1,}
[1 2]
01
-
"abc
{"input":"12345678901234567890\u12","b":"é
-1.5e3
1e999
{"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}
"#;

fn documents() -> Vec<Vec<u8>> {
    DOCUMENTS.trim_matches('\n').lines().map(|it| it.as_bytes().to_vec()).collect()
}

/// Documents in pairs, with blank lines and other ends of lines between, and lines that end within
/// a document.
fn lines() -> Vec<Vec<u8>> {
    let documents = documents();
    let pairs = documents.windows(2).zip(["\n", "\r\n\n", "\n \t\n"].iter().cycle());
    let cut = ["\n", "{\"input\":\"a\n\"}", "[\n]", "1\r2", "tru\ne", "\"\\ud83c\n\\udf99\""];
    pairs
        .map(|(pair, between)| pair.join(between.as_bytes()))
        .chain(cut.map(|it| it.as_bytes().to_vec()))
        .collect()
}

/// Multipart forms with the boundary `b`, the last ones refused. A byte says how each is split.
fn multipart_forms() -> Vec<Vec<u8>> {
    let input = "Content-Disposition: form-data; name=\"input\"\r\n\r\nhi";
    let file = "content-disposition: form-data; name=ref; filename=\"a;b.wav\"\r\n\
                Content-Type: audio/wav; x=\"1;2\"\r\nContent-Length: 12\r\n\r\nRIFF....WAVE";
    let unknown = "Content-Disposition: form-data; filename*=utf-8''a; filename=a; name=\"x\"\r\n\
                   Content-Type: application/octet-stream\r\n\r\nfLaC0123456789abcdef";
    let list = "Content-Disposition: form-data; name=\"files[]\"; filename=\"\"\r\n\
                Content-Transfer-Encoding: binary\r\nContent-Encoding: identity\r\n\r\n";
    let typed = "X: 1\r\nContent-Disposition: form-data; name=\"input\"\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\n\r\n-\r--\n\r\n--";
    let odd = [
        "",
        "--b--",
        "\r\n--b--\r\n \t",
        "x--b--",
        "--b--x",
        "--b",
        "--b\r\n\r\n\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"\u{4f60}\"; other=1\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"input\"\n\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n1\n--b\r\n2\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n1\r\n--b \r\n2\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name*=utf-8''input\r\n\r\n1\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"in\\put\"\r\n folded: 1\r\n\r\n1\r\n--b--",
    ];
    let pairs = [[input, file], [file, typed], [unknown, list], [list, list], [typed, input]];
    pairs
        .map(|[first, second]| format!("--b\r\n{first}\r\n--b\r\n{second}\r\n--b--\r\n"))
        .into_iter()
        .chain([input, file, unknown, list, typed].map(|it| format!("--b\r\n{it}\r\n--b--")))
        .chain(odd.map(str::to_owned))
        .zip(1..)
        .map(|(body, size)| [&[size], body.as_bytes()].concat())
        .collect()
}

/// Forms, the last ones refused. A byte says how each is split.
fn forms() -> Vec<Vec<u8>> {
    let forms = [
        "input=Hello%2C+world.&ref=https%3A%2F%2Fa%2Fb.wav",
        "input=%E4%BD%A0%e5%a5%bd",
        "input",
        "files=1&files%5B%5D=2&files[]=3",
        "input=a&input=b",
        "=&&=1&ref=&",
        "%69nput=x=y",
        "a+b=c",
        "input=\u{4f60}",
        "",
        "&",
        "input=%00",
        "x=%ff",
        "inputs=1&inpu=2",
        "ref=data:,a%3bb",
        "=",
        "input=a;ref=b",
        "input=%",
        "input=%4",
        "input=%zz",
        "input=%ff",
        "%e4%bd=1&input=%e4%bd",
        "_charset_=utf-16",
    ];
    forms.iter().zip(1_u8..).map(|(body, size)| [&[size], body.as_bytes()].concat()).collect()
}

/// Bodies in gzip, some broken, and texts to compress. Two bytes say how each is split, and whether
/// it is compressed, and how often it is repeated.
fn gzip_bodies() -> Vec<Vec<u8>> {
    let texts: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"hello".to_vec(),
        vec![0; 40_000],
        b"abcabcab".repeat(60),
        (0..=255).collect(),
        b"{\"input\": \"a\"}".to_vec(),
    ];
    let whole: Vec<Vec<u8>> = texts.iter().map(|it| fuzz::compressed(it)).collect();
    let named = |it: &Vec<u8>| [&it[..3], &[8], &it[4..10], b"name\0", &it[10..]].concat();
    let cut = |it: &Vec<u8>| it[..it.len() - 3].to_vec();
    let twice = |it: &Vec<u8>| it.repeat(2);
    let bodies = whole.iter().cloned().chain(whole.iter().map(named));
    let bodies = bodies.chain(whole.iter().map(cut)).chain(whole.iter().map(twice));
    let seed = |(body, size): (Vec<u8>, u8)| [&[size, 0], &body[..]].concat();
    let plain = texts.iter().filter(|it| it.len() < 1000).map(|it| [&[7, 201], &it[..]].concat());
    bodies.zip(1..).map(seed).chain(plain).collect()
}

/// Recordings as files and as base64, and URLs. Two bytes say how each is sent and split.
fn recordings() -> Vec<Vec<u8>> {
    use testing::audio::{flac, id3, mp3, opus, opus_head, page, wav, xing};
    let vorbis = [b"\x01vorbis\0\0\0\0\x01".as_slice(), &22_050_u32.to_le_bytes(), &[0; 14]];
    let files = vec![
        wav(8000, 5),
        flac(16_000, 1600, 10, 40),
        mp3(2),
        [id3(20), xing(9), mp3(1), b"TAG".to_vec()].concat(),
        opus(1, 100),
        [page(2, 0, 1, &opus_head(0)), page(2, 0, 2, &vorbis.concat())].concat(),
    ];
    let base64 = |it: &Vec<u8>| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(it)
    };
    let strings: Vec<String> = files
        .iter()
        .map(base64)
        .chain(files.iter().map(|it| format!("data:audio/x;base64,{}", base64(it))))
        .collect();
    let short = [
        "data:,%52IFF",
        "https://user@a.example:443/x?y#z",
        " https://127.0.0.1/",
        "//0x7f.1/",
        "https://[::ffff:127.0.0.1]/",
        "speech:name:1",
        "\u{a0}file:///etc/passwd",
        "ht\ntp://a",
    ];
    let seed = |how: u8, bytes: &[u8]| [&[how, 7], bytes].concat();
    files
        .iter()
        .map(|it| seed(2, it))
        .chain(strings.iter().map(|it| seed(1, it.as_bytes())))
        .chain(short.iter().flat_map(|it| [seed(0, it.as_bytes()), seed(4, it.as_bytes())]))
        .collect()
}

/// Bodies of responses under the type that they have, then under none. Two bytes say which, and how
/// each is split.
fn responses() -> Vec<Vec<u8>> {
    use testing::audio::{adts, flac_frames, id3, mp3, opus, opus_head, page, wav, xing};
    let usage = r#"{"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}"#;
    let mut unsized_wav = wav(8000, 5);
    unsized_wav[40..44].fill(0xff);
    let bodies: Vec<(u8, Vec<u8>)> = vec![
        (0, wav(8000, 5)),
        (0, unsized_wav),
        (1, [id3(20), xing(9), mp3(2), vec![0; 9], mp3(2), b"TAG".to_vec()].concat()),
        (2, adts(3)),
        (3, [opus(1, 100), opus(2, 100)].concat()),
        (3, [page(2, 0, 1, &opus_head(0)), b"OggOgg".to_vec(), page(4, 9, 1, b"x")].concat()),
        (4, flac_frames(16_000, 4)),
        (5, vec![0; 50]),
        (6, usage.as_bytes().to_vec()),
        (7, format!("{{\"a\":[\n{usage}\n{{\"prompt_eval_count\":26,\"eval_count\":259}}").into_bytes()),
        (8, format!(": c\r\ndata: {usage}\r\n\r\ndata: [DONE]\n\n").into_bytes()),
        (8, b"data:{\"message\":{\"usage\":\rdata: {\"input_tokens\":5}}}\r\rdata:{\"usage\":{\"output_tokens\":1e3}}".to_vec()),
    ];
    let seed = |how: u8, body: &[u8]| [&[how, 7], body].concat();
    let typed = bodies.iter().map(|(how, body)| seed(*how, body));
    typed.chain(bodies.iter().map(|(_, body)| seed(9, body))).collect()
}

/// What the meters of single formats get, behind a byte that says how it is split: files, and each of
/// them cut off, in duplicate, behind garbage, and with another byte in it.
fn streams(seeds: &mut Seeds) {
    use testing::audio::{adts, chunk, flac_frame, flac_frames, id3, mp3, opus, opus_head, page};
    use testing::audio::{pcm, riff, wav, xing};
    use testing::mp4::{fragment_head, ftyp, moof, movie, plain, run, track};
    let sound = [&[0; 40][..], &[5, 1, 0xff, 0x7f, 9, 9, 1]].concat();
    let kind = |tag: u16, channels, bits| {
        let mut format = pcm(8000, channels, bits);
        format[..2].copy_from_slice(&tag.to_le_bytes());
        riff(&[chunk(b"fmt ", &format), chunk(b"data", &sound), chunk(b"LIST", b"odd")])
    };
    let wavs = [wav(8000, 5), kind(1, 2, 16), kind(1, 1, 24), kind(3, 1, 32), kind(7, 1, 8)];
    seeds.insert("wav", varied(&wavs));
    let samples: Vec<_> = (0..10).map(|how| [&[how, 3], &sound[..]].concat()).collect();
    seeds.insert(
        "pcm",
        samples.iter().cloned().chain(samples.iter().map(|it| it.repeat(40))).collect(),
    );
    let mixed = [id3(20), xing(9), mp3(2), vec![0; 9], mp3(2), b"TAG".to_vec()].concat();
    seeds.insert("frames", varied(&[mp3(3), adts(4), mixed, [adts(2), id3(9), adts(2)].concat()]));
    let beside =
        [page(2, 0, 1, &opus_head(0)), page(2, 0, 2, &opus_head(0)), page(0, 48_000, 2, b"x")];
    let oggs = [opus(1, 100), [opus(1, 100), opus(2, 48_000)].concat(), beside.concat()];
    seeds.insert("ogg", varied(&oggs));
    let odd = [flac_frames(16_000, 2), vec![0xff, 0xf8, 3], flac_frame(9, 100)].concat();
    seeds.insert("flac", varied(&[flac_frames(16_000, 0), flac_frames(16_000, 4), odd]));
    let head =
        [ftyp(), movie(&[track(1, b"vide", 90_000, 0), track(2, b"soun", 8000, 0)], Some(80))];
    let runs = [fragment_head(2, Some(100)), run(2, None), run(2, Some(&[50, 60]))].concat();
    let fragment = [moof(2, &runs), plain("mdat", &[7; 50])].concat();
    let fragments = [&head.concat()[..], &fragment, &fragment].concat();
    let whole = [movie(&[track(1, b"soun", 8000, 800)], None), plain("mdat", &[1; 50])].concat();
    seeds.insert("fmp4", varied(&[fragments, whole]));
    let message = |len: u8| [&[0, 0, 0, 0, len][..], &vec![7; len.into()]].concat();
    seeds.insert("grpc", varied(&[message(0), message(9), [message(200), message(3)].concat()]));
    events(seeds, &mp3(2), &wav(8000, 5));
}

fn events(seeds: &mut Seeds, mp3: &[u8], wav: &[u8]) {
    let base64 = |it: &[u8]| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(it)
    };
    let (mp3_text, wav_text) = (base64(mp3), base64(wav));
    let hex: String = wav.iter().map(|it| format!("{it:02x}")).collect();
    let documents = [
        format!("{{\"type\":\"response.audio.delta\",\"delta\":\"{mp3_text}\"}}"),
        format!("{{\"audio\":\"{}\"}}", &wav_text[..60]),
        format!("{{\"audio\":\"{}\"}}", wav_text.replace('/', "\\/")),
        format!("{{\"data\":{{\"audio\":\"{hex}\",\"status\":1}}}}"),
        format!("{{\"data\":{{\"audio\":\"{hex}\",\"status\":2}}}}"),
        "{\"data\":\"Hello, world\"}".to_owned(),
        format!(
            "{{\"candidates\":[{{\"content\":{{\"parts\":[{{\"inlineData\":{{\"mimeType\":\"audio/wav\",\"data\":\"{wav_text}\"}}}}]}}}}]}}"
        ),
        "[DONE]".to_owned(),
    ];
    let even = |body: String| [&[6], body.as_bytes()].concat();
    // Put into events by the target.
    let odd = |how: u8, body: &[u8]| [&[how], body].concat();
    let made: Vec<_> =
        [1, 3, 41, 255].iter().flat_map(|how| [odd(*how, mp3), odd(*how, wav)]).collect();
    let sse = |it: &String| even(format!("id: 1\r\ndata: {it}\r\n\r\n"));
    let pair = |it: &[String]| even(format!("data:{}\n\n: c\n\ndata: {}\n\n", it[0], it[1]));
    let all = documents.iter().map(sse).chain(documents.windows(2).map(pair));
    seeds.insert("sse_audio", all.chain(made.clone()).collect());
    let line = |it: &String| even(format!("{it}\r\n"));
    let lines = |it: &[String]| even(it.join("\n"));
    let all = documents.iter().map(line).chain(documents.windows(2).map(lines));
    seeds.insert("jsonl_audio", all.chain(made).collect());
}

fn varied(bodies: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let vary = |it: &Vec<u8>| {
        let middle = it.len() / 2;
        let mut changed = it.clone();
        changed[middle] ^= 0x55;
        let cut = it[..it.len() - 3].to_vec();
        [
            it.clone(),
            cut,
            it.repeat(2),
            [&b"garbage"[..], &it[..]].concat(),
            changed,
            it[..middle].to_vec(),
            it[middle..].to_vec(),
        ]
    };
    let all: Vec<_> = bodies.iter().flat_map(vary).collect();
    // At least 20.
    let rounds = if all.len() < 20 { vec![7, 255] } else { vec![7] };
    rounds.iter().flat_map(|size| all.iter().map(|it| [&[*size], &it[..]].concat())).collect()
}

/// Bodies with the members that the target changes, behind two bytes that say whether keys may be
/// repeated and how the body is split.
fn rewritten() -> Vec<Vec<u8>> {
    let bodies = [
        r#"{}"#,
        r#"{"rate":24000,"model":"large","stream":false,"format":"wav"}"#,
        r#"{"rate":"24000","opts":{"rate":48000,"a":{"rate":null}}}"#,
        r#"{"opts":{},"input":"a\u0062"}"#,
        r#"{"opts":{"format":"mp3","a":{}} , "stream":0}"#,
        r#"{"opts":{"\"\/\ud83c\udf99":"off"}}"#,
        r#"{"rate":1.6e4,"rate":16001,"rate":null}"#,
        r#"{"model":"f\u0061st \"\u00e9\"","model":"fast \""}"#,
        r#"{"model":{"rate":1}}"#,
        r#"{"opts":[{"rate":1}],"format":null}"#,
        r#"[{"rate":24000}]"#,
    ];
    let seed = |how: u8| move |it: &&str| [&[how, 7], it.as_bytes()].concat();
    bodies.iter().map(seed(0)).chain(bodies.iter().map(seed(1))).collect()
}

use super::*;

#[test]
fn no_log_line_answer_or_record_has_a_token_a_path_or_a_header_of_the_client() {
    let host = configured(inline());
    let good = token(&host, &SigningKey::es256());
    let bad = format!("{}x.SECRET.SECRET", testing::segment("{\"alg\":\"SECRET\"}"));
    for (path, token) in [
        ("/batch?text=SECRET", good.as_str()),
        ("/SECRET", good.as_str()),
        ("/%zzSECRET", good.as_str()),
        ("/tts", bad.as_str()),
        ("/tts", "SECRET"),
    ] {
        let stream = post(&host, path, token);
        let reply = stream.reply();
        let told = [
            format!("{:?}", host.logs()),
            stream.filter_state("voxgate.decision").unwrap(),
            format!("{:?}{}", reply.headers, reply.text()),
            host.metric_names().join(" "),
        ];
        for text in told {
            assert!(!text.contains("SECRET"), "{text}");
            assert!(!good.split('.').any(|part| text.contains(part)), "{text}");
        }
    }
}

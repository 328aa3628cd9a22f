use voxgate_testbed::browser::Browser;
use voxgate_testbed::speech::{PAGE, Speech};

#[tokio::test]
async fn scratch() {
    let speech = Speech::start().await.unwrap();
    let mut browser = Browser::start().await.unwrap();
    browser.open(&format!("http://{}{PAGE}", speech.address())).await.unwrap();
    for rtf in ["0", "0.5", "1.5"] {
        let r = browser.evaluate(&format!(r#"window.__listen({{url:"/v1/audio/speech",method:"POST",headers:{{"content-type":"application/json","x-test-first-chunk-ms":"500","x-test-real-time-factor":"{rtf}"}},body:JSON.stringify({{input:"Good morning, this is a longer text to speak."}})}})"#)).await.unwrap();
        println!("{rtf}: {r:#}");
    }
    browser.finish().await.unwrap();
}

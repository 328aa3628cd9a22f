//! A plugin that does what the test tells it, stream by stream.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use voxgate_host::{
    BodyPart, CallError, CallId, CallResponse, ChunkFlow, DueFlow, EndedStream, Ending, Flow,
    GrpcStatus, HeaderError, HttpCall, HttpFilter, LocalReply, Plugin, RequestHeaders,
    RequestTrailers, ResponseFlow, ResponseHeaders, ResponseTrailers, RootHost, StreamHandle,
    TooLarge,
};

type Decide = Rc<dyn Fn(&mut RequestHeaders<'_>) -> Flow>;

type Read = Rc<dyn Fn(&mut RequestHeaders<'_>, &[u8], &BodyPart<'_>) -> Flow>;

/// A part of a body: its bytes, how many there were with it, and whether it was the last.
pub type Part = (Vec<u8>, u64, bool);

/// What the test tells, and what it hears.
#[derive(Default)]
pub struct Script {
    pub on_request: Option<Decide>,
    pub on_resume: Option<Decide>,
    pub waiting: Vec<StreamHandle>,
    pub held: Vec<usize>,
    pub on_body: Option<Read>,
    pub read: Vec<Part>,
    pub passed: Vec<Part>,
    pub trailers: usize,
    pub responses_seen: Vec<Option<u16>>,
    pub responses_ended: usize,
    pub watches_responses: bool,
    /// What becomes of each part of a response, the first first; with one, responses are shaped.
    pub shape: Vec<ChunkFlow>,
    /// What becomes of what is held, when the plugin looks.
    pub due: Option<DueFlow>,
    pub shaped: Vec<StreamHandle>,
    /// Whether there was still a response to look after.
    pub looked: Vec<bool>,
    pub response: Vec<Part>,
    pub piece_sizes: Vec<usize>,
    pub response_status: Option<String>,
    pub streams_done: usize,
    pub endings: Vec<Ending>,
    pub call: Option<Duration>,
    pub sent: Vec<Result<CallId, CallError>>,
    pub answers: Vec<String>,
    pub pieces: Option<Result<Vec<Vec<u8>>, TooLarge>>,
}

thread_local! {
    static SCRIPT: RefCell<Script> = RefCell::default();
}

pub fn script<R>(change: impl FnOnce(&mut Script) -> R) -> R {
    SCRIPT.with_borrow_mut(change)
}

pub fn on_request(decide: impl Fn(&mut RequestHeaders<'_>) -> Flow + 'static) {
    script(|script| script.on_request = Some(Rc::new(decide)));
}

pub fn on_resume(decide: impl Fn(&mut RequestHeaders<'_>) -> Flow + 'static) {
    script(|script| script.on_resume = Some(Rc::new(decide)));
}

pub fn on_body(decide: impl Fn(&mut RequestHeaders<'_>, &[u8], &BodyPart<'_>) -> Flow + 'static) {
    script(|script| script.on_body = Some(Rc::new(decide)));
}

pub fn denial() -> LocalReply {
    LocalReply {
        status: 403,
        headers: vec![
            ("x-reason", "insufficient_scope".into()),
            ("x-split", "a\r\nset-cookie: b".into()),
        ],
        body: b"no".to_vec(),
        grpc: Some((GrpcStatus::PermissionDenied, "not allowed".into())),
    }
}

/// Accepts the configuration `{}` only.
pub struct Probe;

pub struct ProbeFilter;

impl Plugin for Probe {
    type Filter = ProbeFilter;
    type ConfigError = String;

    fn configure(config: &[u8], host: &mut RootHost<'_>) -> Result<Self, String> {
        if config != b"{}" {
            return Err(format!("tiers[0]: {} bytes of nonsense", config.len()));
        }
        host.set_tick_period(Duration::from_millis(500));
        Ok(Self)
    }

    fn filter(&self) -> ProbeFilter {
        ProbeFilter
    }

    fn on_tick(&mut self, host: &mut RootHost<'_>) {
        if let Some(timeout) = script(|script| script.call.take()) {
            let sent = host.call(&HttpCall {
                cluster: "keys",
                authority: "keys.test",
                path: "/jwks",
                scheme: "https",
                timeout,
                headers: &[("accept", "application/json")],
            });
            script(|script| script.sent.push(sent));
        }
        for stream in script(|script| script.waiting.clone()) {
            host.resume(&stream);
        }
        for stream in script(|script| script.shaped.clone()) {
            let is_there = host.look_after(&stream);
            script(|script| script.looked.push(is_there));
        }
    }

    fn on_call_response(&mut self, _: &mut RootHost<'_>, _: CallId, response: CallResponse<'_>) {
        let answer = format!(
            "{:?} {:?} {:?}",
            response.status(),
            response.header("etag").map(<[u8]>::to_vec),
            response.body(4),
        );
        let pieces = response.pieces(1 << 20).map(Iterator::collect);
        script(|script| {
            script.answers.push(answer);
            script.pieces = Some(pieces);
        });
    }
}

impl HttpFilter for ProbeFilter {
    fn on_request_headers(&mut self, request: &mut RequestHeaders<'_>, _: bool) -> Flow {
        let flow = match script(|script| script.on_request.clone()) {
            Some(decide) => decide(request),
            None => Flow::Continue,
        };
        if flow == Flow::Wait {
            script(|script| script.waiting.push(request.stream()));
        }
        flow
    }

    fn on_request_body(&mut self, request: &mut RequestHeaders<'_>, body: &BodyPart<'_>) -> Flow {
        let part = part(body);
        let decide = script(|script| {
            script.read.push(part.clone());
            script.on_body.clone()
        });
        decide.map_or(Flow::ReadBody, |decide| decide(request, &part.0, body))
    }

    fn on_passing_body(&mut self, body: &BodyPart<'_>) {
        let part = part(body);
        script(|script| script.passed.push(part));
    }

    fn on_request_trailers(&mut self, _: &mut RequestTrailers) {
        script(|script| script.trailers += 1);
    }

    fn on_waiting(&mut self, request: &mut RequestHeaders<'_>, held: usize) -> Flow {
        script(|script| script.held.push(held));
        match script(|script| script.on_resume.clone()) {
            Some(decide) => decide(request),
            None => Flow::Wait,
        }
    }

    fn on_response_headers(
        &mut self,
        response: &mut ResponseHeaders<'_>,
        end_of_stream: bool,
    ) -> ResponseFlow {
        script(|script| {
            script.responses_seen.push(response.status());
            script.responses_ended += usize::from(end_of_stream);
        });
        response.set("x-seen", b"yes").unwrap();
        response.remove("server").unwrap();
        if script(|script| !script.shape.is_empty()) {
            response.add("x-added", b"1").unwrap();
            assert_eq!(response.add("x-added", b"a\nb"), Err(HeaderError::Value));
            script(|script| script.shaped.push(response.stream()));
            return ResponseFlow::Shape;
        }
        match script(|script| script.watches_responses) {
            true => ResponseFlow::Watch,
            false => ResponseFlow::Continue,
        }
    }

    fn on_shaped_body(&mut self, body: &BodyPart<'_>) -> ChunkFlow {
        let part = part(body);
        script(|script| {
            script.response.push(part);
            match script.shape.len() {
                1 => script.shape[0],
                _ => script.shape.remove(0),
            }
        })
    }

    fn on_due(&mut self) -> DueFlow {
        script(|script| script.due).unwrap_or(DueFlow::Hold)
    }

    fn on_response_body(&mut self, body: &BodyPart<'_>) {
        let part = part(body);
        let sizes: Vec<usize> = body.pieces().map(|piece| piece.len()).collect();
        script(|script| {
            script.response.push(part);
            script.piece_sizes.extend(sizes);
        });
    }

    fn on_response_trailers(&mut self, trailers: &mut ResponseTrailers<'_>) {
        assert_eq!(trailers.get("x-none"), None);
        let status = trailers.get("grpc-status").map(|it| String::from_utf8(it).unwrap());
        trailers.set("x-last", b"yes").unwrap();
        script(|script| script.response_status = status);
    }

    fn on_done(&mut self, stream: &EndedStream<'_>) {
        script(|script| {
            script.streams_done += 1;
            script.endings.push(stream.ending());
        });
    }
}

fn part(body: &BodyPart<'_>) -> Part {
    let bytes: Vec<u8> = body.pieces().flatten().collect();
    assert!(bytes.len() == body.len() || bytes.is_empty());
    assert!(!body.is_empty() || bytes.is_empty());
    (bytes, body.so_far(), body.is_last())
}

;; Between Envoy and a filter's answer to a chunk of a response.
;;
;; The SDK knows two answers, Continue (0) and Pause (1). Envoy knows two ways to pause: to buffer (1),
;; where a response that does not fit its buffer is reset, and to buffer with back-pressure (2), where
;; the upstream is read no further until the response goes on. The first puts the next chunk into the
;; buffer before the filter is asked, so 64 held bytes and one large chunk end a response (see
;; filters/host/src/stream/shape.rs). So every Pause becomes the second.
(module
  (import "filter" "proxy_on_response_body"
    (func $filter (param $context i32) (param $size i32) (param $end i32) (result i32)))
  (func (export "proxy_on_response_body")
    (param $context i32) (param $size i32) (param $end i32) (result i32)
    (i32.shl
      (call $filter (local.get $context) (local.get $size) (local.get $end))
      (i32.const 1))))

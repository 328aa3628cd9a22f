use std::time::Duration;

use super::*;

fn job(id: u64, seconds: u64) -> Job {
    Job { id, audio: AudioMillis(seconds * 1000), sample_rate: 16_000 }
}

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// 100 MB for jobs of 1 MB a second; 10 seconds of audio in one, 5 by one job; first sound after 1 s.
fn model() -> GpuModel {
    GpuModel {
        memory_mb: 110.0,
        weights_mb: 10.0,
        mb_per_audio_second_at_16k: 1.0,
        restart_seconds: 20.0,
        audio_seconds_per_second: 10.0,
        per_job_max_speed: 5.0,
        first_byte_seconds: 1.0,
        first_byte_per_audio_second: 0.0,
        first_byte_growth: 0.5,
        streams: true,
    }
}

fn when(events: &[Event], what: &Happening) -> f64 {
    let event = events.iter().find(|event| event.what == *what);
    event.unwrap_or_else(|| panic!("{what:?} in {events:?}")).at.as_secs_f64()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-4
}

#[test]
fn a_job_alone_speaks_at_its_own_speed() {
    let mut gpu = Gpu::new(model());
    gpu.start(job(1, 20), at(0.0)).unwrap();
    assert_eq!(gpu.next_event(), Some(at(1.0)));
    let events = gpu.advance(at(10.0));
    assert!(near(when(&events, &Happening::FirstByte(1)), 1.0), "{events:?}");
    assert!(near(when(&events, &Happening::Finished(1)), 5.0), "{events:?}");
    assert_eq!((gpu.jobs(), gpu.next_event()), (0, None));
}

#[test]
fn jobs_under_way_share_the_speed_and_delay_each_others_first_sound() {
    let mut gpu = Gpu::new(model());
    for id in 0..4 {
        gpu.start(job(id, 10), at(0.0)).unwrap();
    }
    let events = gpu.advance(at(60.0));
    // 1 s × (1 + 0.5 × 3), then 40 s of audio at 10 a second.
    assert!(near(when(&events, &Happening::FirstByte(3)), 2.5), "{events:?}");
    assert!(near(when(&events, &Happening::Finished(3)), 6.5), "{events:?}");
}

#[test]
fn a_long_text_speaks_later() {
    let mut gpu = Gpu::new(GpuModel { first_byte_per_audio_second: 0.1, ..model() });
    gpu.start(job(1, 50), at(0.0)).unwrap();
    assert!(near(when(&gpu.advance(at(60.0)), &Happening::FirstByte(1)), 6.0));
}

#[test]
fn a_service_that_does_not_stream_sends_all_at_the_end() {
    let mut gpu = Gpu::new(GpuModel { streams: false, ..model() });
    gpu.start(job(1, 20), at(0.0)).unwrap();
    let events = gpu.advance(at(60.0));
    assert!(near(when(&events, &Happening::FirstByte(1)), 5.0), "{events:?}");
    assert!(near(when(&events, &Happening::Finished(1)), 5.0), "{events:?}");
}

#[test]
fn too_much_memory_takes_every_job_and_the_service_away() {
    let mut gpu = Gpu::new(model());
    gpu.start(job(1, 60), at(0.0)).unwrap();
    assert!(gpu.has_room(&job(2, 40)) && !gpu.has_room(&job(2, 41)));
    gpu.start(job(2, 41), at(2.0)).unwrap();
    assert_eq!(gpu.next_event(), Some(at(2.0)));
    let events = gpu.advance(at(2.0));
    assert_eq!(when(&events, &Happening::Crashed(vec![1, 2])), 2.0);
    assert_eq!(gpu.start(job(3, 1), at(21.9)), Err(Down { until: at(22.0) }));
    assert_eq!(gpu.advance(at(22.0)), [Event { at: at(22.0), what: Happening::Restarted }]);
    assert_eq!(gpu.start(job(3, 1), at(22.0)), Ok(()));
}

#[test]
fn memory_goes_by_the_sample_rate() {
    let mut gpu = Gpu::new(model());
    gpu.start(Job { sample_rate: 32_000, ..job(1, 50) }, at(0.0)).unwrap();
    assert_eq!((gpu.memory_mb(), gpu.jobs()), (100.0, 1));
    gpu.start(Job { sample_rate: 8_000, ..job(2, 1) }, at(0.0)).unwrap();
    assert_eq!(gpu.advance(at(0.0)).len(), 1);
    assert!(gpu.down().is_some());
}

#[test]
fn a_client_that_leaves_frees_memory_and_speed() {
    let mut gpu = Gpu::new(GpuModel { first_byte_seconds: 0.0, ..model() });
    for id in 0..4 {
        gpu.start(job(id, 20), at(0.0)).unwrap();
    }
    assert!(gpu.cancel(1, at(2.0)) && gpu.cancel(2, at(2.0)) && !gpu.cancel(2, at(2.0)));
    assert_eq!((gpu.memory_mb(), gpu.progress(0)), (40.0, Some(AudioMillis(5000))));
    // 5 s in 2 s, the other 15 s in 3 s.
    assert!(near(when(&gpu.advance(at(60.0)), &Happening::Finished(0)), 5.0));
}

/// However often the caller looks, the same happens at the same time.
#[test]
fn looking_changes_nothing() {
    let run = |steps: u64| {
        let mut gpu = Gpu::new(model());
        let mut events = Vec::new();
        for id in 0..6 {
            events.extend(gpu.advance(Duration::from_millis(id * 300)));
            gpu.start(job(id, 3 + id), Duration::from_millis(id * 300)).unwrap();
        }
        for step in 1..=steps {
            events.extend(gpu.advance(Duration::from_micros(60_000_000 * step / steps)));
        }
        events
    };
    let (seldom, often) = (run(1), run(7919));
    assert_eq!(seldom.len(), 12);
    for (a, b) in seldom.iter().zip(&often) {
        assert_eq!(a.what, b.what);
        assert!(near(a.at.as_secs_f64(), b.at.as_secs_f64()), "{a:?} {b:?}");
    }
}

#[test]
fn time_that_goes_back_is_taken_for_the_latest() {
    let mut gpu = Gpu::new(model());
    gpu.start(job(1, 20), at(3.0)).unwrap();
    gpu.advance(at(1.0));
    assert!(near(when(&gpu.advance(at(60.0)), &Happening::Finished(1)), 8.0));
}

#[test]
fn a_job_of_nothing_ends() {
    let mut gpu = Gpu::new(GpuModel { first_byte_seconds: 0.0, ..model() });
    gpu.start(job(1, 0), at(1.0)).unwrap();
    let events = gpu.advance(at(1.0));
    assert_eq!(when(&events, &Happening::Finished(1)), 1.0);
}

#[test]
fn a_model_that_cannot_be_is_refused() {
    assert_eq!(GpuModel::default().check(), Ok(()));
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let model = GpuModel { per_job_max_speed: wrong, ..model() };
        assert_eq!(model.check(), Err(ModelError::NotPositive("per_job_max_speed")), "{wrong}");
    }
    let weights_only = GpuModel { weights_mb: 110.0, ..model() };
    assert_eq!(weights_only.check(), Err(ModelError::NoRoom));
    let faster_together = GpuModel { first_byte_growth: -0.1, ..model() };
    assert_eq!(faster_together.check(), Err(ModelError::Negative("first_byte_growth")));
}

//! What the engine must come to: lists of single charges, and a leaky bucket replayed from its
//! history. No slices, no sums.

use crate::quota::{Limit, Window};
use crate::time::UnixMillis;

/// The uses of one limit by one account.
#[derive(Clone, Debug)]
pub struct Exact {
    window: Window,
    seen: u64,
    is_forgotten: bool,
    charges: Vec<One>,
    history: Vec<Event>,
}

/// One charge.
#[derive(Clone, Debug)]
struct One {
    reservation: usize,
    /// The window of the calendar that it belongs to; 0 elsewhere.
    window: u64,
    units: u64,
    /// Until it is settled.
    expires: Option<u64>,
    /// Its place in the history.
    event: usize,
}

/// What happened to a bucket.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// It drained, by parts of the period.
    Drained(u128),
    /// There is no counter any more, so nothing is left even of what was given back.
    Emptied,
    /// Units came, so many of which stay.
    Filled { all: u64, kept: u64 },
}

impl Exact {
    pub fn new(window: Window) -> Self {
        Self { window, seen: 0, is_forgotten: true, charges: Vec::new(), history: Vec::new() }
    }

    /// Time passes, under a limit. Returns the units that expired.
    pub fn advance(&mut self, limit: Limit, now: UnixMillis) -> u64 {
        if !self.is_forgotten && self.seen > now.0 + 1000 {
            let behind = self.seen - now.0;
            for expires in self.charges.iter_mut().filter_map(|it| it.expires.as_mut()) {
                *expires -= behind;
            }
            self.seen = now.0;
        }
        let elapsed = now.0.saturating_sub(self.seen);
        self.seen = if self.is_forgotten { now.0 } else { self.seen.max(now.0) };
        self.is_forgotten = false;
        self.history.push(Event::Drained(u128::from(elapsed) * u128::from(limit.units)));
        let mut expired = 0;
        self.charges.retain(|it| {
            let is_over = it.expires.is_some_and(|at| at <= now.0);
            if is_over {
                expired += it.units;
                if let Event::Filled { kept, .. } = &mut self.history[it.event] {
                    *kept = 0;
                }
            }
            !is_over
        });
        expired
    }

    /// The counter was idle, and is no more: a new one does not know when it was seen last.
    pub fn forget(&mut self) {
        self.is_forgotten = true;
        self.history.push(Event::Emptied);
    }

    /// Returns the window of the calendar in which the units count.
    pub fn take(
        &mut self,
        reservation: usize,
        units: u64,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> u64 {
        let window = self.current(now);
        self.put(reservation, window, units, Some(expires.0));
        window
    }

    /// Returns the window of the calendar in which the units count.
    pub fn renew(
        &mut self,
        reservation: usize,
        units: u64,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> u64 {
        match self.pending(reservation) {
            Some(one) => {
                one.expires = Some(expires.0);
                one.window
            }
            None => self.take(reservation, units, now, expires),
        }
    }

    /// `window` is that in which it was admitted.
    pub fn settle(&mut self, reservation: usize, window: u64, kept: u64) {
        let is_rolling = matches!(self.window, Window::Rolling(_));
        let Some(one) = self.pending(reservation) else {
            self.put(reservation, window, kept, None);
            return;
        };
        one.expires = None;
        let (reserved, event, window) = (one.units, one.event, one.window);
        one.units = kept;
        if kept <= reserved {
            if let Event::Filled { kept: stays, .. } = &mut self.history[event] {
                *stays = kept;
            }
        } else if is_rolling {
            self.put(reservation, window, kept - reserved, None);
        }
        self.charges.retain(|it| it.units > 0);
    }

    /// One unit that counts for good is given back.
    pub fn give_back(&mut self) {
        let kept = self.charges.iter_mut().find(|it| it.expires.is_none() && it.units > 0);
        if let Some(one) = kept {
            one.units -= 1;
        }
    }

    /// Units in use; exact but for rolling windows.
    pub fn used(&self, now: UnixMillis) -> u64 {
        self.now(now).map(|it| it.units).sum()
    }

    /// Units reserved; exact but for rolling windows, of which drained ones do not count.
    pub fn reserved(&self, now: UnixMillis) -> u64 {
        self.now(now).filter(|it| it.expires.is_some()).map(|it| it.units).sum()
    }

    /// Whether nothing is pending.
    pub fn is_settled(&self) -> bool {
        self.charges.iter().all(|it| it.expires.is_none())
    }

    /// The level of the bucket into which nothing but what stays ever went.
    pub fn least(&self) -> u64 {
        self.replay(|level| level, |kept, _| kept)
    }

    /// The level of the bucket from which nothing is given back.
    pub fn most(&self) -> u64 {
        self.replay(|_| 0, |_, all| all)
    }

    pub fn is_rolling(&self) -> bool {
        matches!(self.window, Window::Rolling(_))
    }

    /// The window of the calendar that is now.
    pub fn current(&self, now: UnixMillis) -> u64 {
        self.window.calendar(now).map_or(0, |it| it.start.0)
    }

    fn replay(&self, emptied: fn(u128) -> u128, amount: fn(u64, u64) -> u64) -> u64 {
        let Window::Rolling(period) = self.window else { panic!("no bucket") };
        let period = period.as_millis();
        let level = self.history.iter().fold(0_u128, |level, event| match event {
            Event::Drained(parts) => level.saturating_sub(*parts),
            Event::Emptied => emptied(level),
            Event::Filled { all, kept } => level + u128::from(amount(*kept, *all)) * period,
        });
        u64::try_from(level.div_ceil(period)).unwrap()
    }

    fn now(&self, now: UnixMillis) -> impl Iterator<Item = &One> {
        let window = self.current(now);
        self.charges.iter().filter(move |it| it.window == window)
    }

    fn pending(&mut self, reservation: usize) -> Option<&mut One> {
        let mut all = self.charges.iter_mut();
        all.find(|it| it.reservation == reservation && it.expires.is_some())
    }

    fn put(&mut self, reservation: usize, window: u64, units: u64, expires: Option<u64>) {
        if units > 0 {
            let event = self.history.len();
            self.history.push(Event::Filled { all: units, kept: units });
            self.charges.push(One { reservation, window, units, expires, event });
        }
    }
}

//! Tokens that were verified before, so that no signature is checked twice.

use std::collections::HashMap;

use voxgate_policy::identity::Identity;
use voxgate_policy::time::UnixMillis;
use voxgate_policy::token::TokenDigest;

/// The most tokens that one VM keeps for one configuration: about 1 MB.
pub const MAX_TOKENS: usize = 4096;

/// Verified tokens, by digest. Two generations: when the younger half is full the older is
/// dropped, so a token in use stays and no scan is ever needed.
#[derive(Debug, Default)]
pub struct TokenCache {
    young: HashMap<TokenDigest, Entry>,
    old: HashMap<TokenDigest, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    identity: Identity,
    until: Option<UnixMillis>,
}

impl TokenCache {
    /// The identity of a token that is still good at `now`.
    pub fn get(&mut self, token: &TokenDigest, now: UnixMillis) -> Option<Identity> {
        if let Some(entry) = self.young.get(token) {
            return entry.is_good(now).then(|| entry.identity.clone());
        }
        let entry = self.old.remove(token).filter(|it| it.is_good(now))?;
        let identity = entry.identity.clone();
        self.insert(*token, entry);
        Some(identity)
    }

    /// Keeps a token until `until`; `None` for one that never expires.
    pub fn put(&mut self, token: TokenDigest, identity: Identity, until: Option<UnixMillis>) {
        self.insert(token, Entry { identity, until });
    }

    /// Forgets every token: an issuer's keys have changed.
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    fn insert(&mut self, token: TokenDigest, entry: Entry) {
        if self.young.len() >= MAX_TOKENS / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, entry);
    }
}

impl Entry {
    fn is_good(&self, now: UnixMillis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(tenant: &str) -> Identity {
        Identity { tenant: Some(tenant.into()), ..Identity::default() }
    }

    #[test]
    fn a_token_is_recalled_until_it_expires() {
        let mut cache = TokenCache::default();
        let token = TokenDigest::of(b"a");
        cache.put(token, identity("acme"), Some(UnixMillis(1000)));
        assert_eq!(cache.get(&token, UnixMillis(999)), Some(identity("acme")));
        assert_eq!(cache.get(&token, UnixMillis(1000)), None);
    }

    #[test]
    fn a_token_in_use_outlives_any_number_of_others_and_the_cache_stays_bounded() {
        let mut cache = TokenCache::default();
        let kept = TokenDigest::of(b"kept");
        cache.put(kept, identity("kept"), None);
        for i in 0..10 * MAX_TOKENS {
            cache.put(TokenDigest::of(&i.to_le_bytes()), identity("other"), None);
            assert!(cache.get(&kept, UnixMillis(0)).is_some(), "lost after {i}");
        }
        assert!(cache.young.len() + cache.old.len() <= MAX_TOKENS);
        let first = TokenDigest::of(&0usize.to_le_bytes());
        assert_eq!(cache.get(&first, UnixMillis(0)), None, "the first of the others is gone");
    }

    #[test]
    fn a_cleared_cache_recalls_nothing() {
        let mut cache = TokenCache::default();
        let token = TokenDigest::of(b"a");
        cache.put(token, identity("acme"), None);
        cache.clear();
        assert_eq!(cache.get(&token, UnixMillis(0)), None);
    }
}

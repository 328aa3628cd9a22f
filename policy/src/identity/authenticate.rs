//! From evidence to identity, cheapest step first.

use std::borrow::Cow;
use std::rc::Rc;

use super::bearer::bearer_token;
use super::issuer::{Issuer, IssuerId, IssuerKeys};
use super::{
    Authentication, Evidence, Identity, Keys, NewerKeys, Refusal, Source, TENANT_HEADER,
    TIER_HEADER,
};
use crate::Policy;
use crate::claims::{Claims, MemberClaims, PairsClaims};
use crate::request::RequestHead;
use crate::tenant::is_tenant;
use crate::tier::TierId;
use crate::time::UnixMillis;
use crate::token::{TokenDigest, TokenError, UnverifiedToken, check_claims, issuer_claim};
use crate::trace::Trace;

/// Finds out who sent `head`.
///
/// The steps, each only if `identity.source` lists it: a trusted peer's headers, the payload that
/// `jwt_authn` verified, a token verified before, a token verified now. A step that has evidence
/// decides; bad evidence is never passed over for the next step.
pub fn authenticate(
    policy: &Policy,
    head: &RequestHead,
    evidence: &mut impl Evidence,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Authentication {
    let found = steps(policy, head, evidence, now, trace).unwrap_or_else(Authentication::Refused);
    trace.considered(
        || "identity".to_owned(),
        || match &found {
            Authentication::Known(identity, source) => format!(
                "{source}: tenant {}, tier {}",
                identity.tenant.as_deref().unwrap_or("(none)"),
                identity.tier.map_or("(none)", |it| policy.tiers().name(it)),
            ),
            Authentication::Anonymous => "no credentials".to_owned(),
            Authentication::Refused(refusal) => format!("refused: {refusal}"),
            Authentication::Wait(_) => "waits for the issuer's keys".to_owned(),
            Authentication::Unavailable(_) => "the issuer's keys are not to be had".to_owned(),
        },
    );
    found
}

fn steps(
    policy: &Policy,
    head: &RequestHead,
    evidence: &mut impl Evidence,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Result<Authentication, Refusal> {
    let rules = policy.identity();
    // Before all other evidence: of two tokens, the service may read the one that nobody verified.
    let bearer = bearer_token(head)?;
    if let Some(identity) = from_trusted_peer(policy, head, evidence)? {
        return Ok(Authentication::Known(identity, Source::TrustedPeer));
    }
    if rules.jwt_authn {
        for key in &rules.metadata_keys {
            if let Some(identity) = from_jwt_authn(policy, key, evidence, now, trace)? {
                return Ok(Authentication::Known(identity, Source::JwtAuthn));
            }
        }
    }
    match bearer {
        None => Ok(Authentication::Anonymous),
        Some(_) if !rules.token => Err(Refusal::NotVerifiedByProxy),
        Some(token) => from_token(policy, token, evidence, now, trace),
    }
}

fn from_trusted_peer(
    policy: &Policy,
    head: &RequestHead,
    evidence: &mut impl Evidence,
) -> Result<Option<Identity>, Refusal> {
    let Some(peers) = &policy.identity().trusted_peers else { return Ok(None) };
    if head.first(TIER_HEADER).is_none() {
        return Ok(None);
    }
    let Some(peer) = evidence.peer() else { return Ok(None) };
    if !peers.iter().any(|it| it.matches(&peer)) {
        return Ok(None);
    }
    let tier = peer_header(head, TIER_HEADER)?.and_then(|it| policy.tiers().get(it));
    let tenant = peer_header(head, TENANT_HEADER)?;
    match (tier, tenant) {
        (None, _) => Err(Refusal::PeerHeaders),
        (Some(_), Some(tenant)) if !is_tenant(tenant) => Err(Refusal::PeerHeaders),
        (Some(tier), tenant) => {
            // The edge, which has the token, has asked for the claim.
            let identity = capped(policy, evidence, tenant.map(Rc::from), Some(tier));
            Ok(Some(Identity { consents: true, ..identity }))
        }
    }
}

fn peer_header<'a>(head: &'a RequestHead, name: &str) -> Result<Option<&'a str>, Refusal> {
    let value = head.only(name).map_err(|_| Refusal::PeerHeaders)?;
    value.map(std::str::from_utf8).transpose().map_err(|_| Refusal::PeerHeaders)
}

fn from_jwt_authn(
    policy: &Policy,
    key: &str,
    evidence: &impl Evidence,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Result<Option<Identity>, Refusal> {
    if let Some(payload) = evidence.verified_payload(key) {
        let claims = PairsClaims::parse(&payload).map_err(|_| Refusal::UnreadablePayload)?;
        return from_verified_claims(policy, evidence, &claims, now, trace).map(Some);
    }
    let claims = MemberClaims(|path: &[&str]| evidence.verified_claim(key, path));
    match issuer_claim(&claims) {
        Some(_) => from_verified_claims(policy, evidence, &claims, now, trace).map(Some),
        None => Ok(None),
    }
}

fn from_verified_claims(
    policy: &Policy,
    evidence: &impl Evidence,
    claims: &dyn Claims,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Result<Identity, Refusal> {
    let rules = policy.identity();
    let iss = issuer_claim(claims).ok_or(TokenError::UnknownIssuer)?;
    let (_, issuer) = rules.issuer_called(&iss).ok_or(TokenError::UnknownIssuer)?;
    check_claims(claims, &issuer.rules, &rules.time, now)?;
    identity(policy, evidence, claims, trace)
}

fn from_token(
    policy: &Policy,
    token: &[u8],
    evidence: &mut impl Evidence,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Result<Authentication, Refusal> {
    let rules = policy.identity();
    TokenError::check_size(token)?;
    let digest = TokenDigest::of(token);
    if let Some(identity) = evidence.recall(&digest, now) {
        return Ok(Authentication::Known(identity, Source::Cache));
    }
    let token = UnverifiedToken::parse(token)?;
    let iss = token.issuer().ok_or(TokenError::UnknownIssuer)?;
    let (id, issuer) = rules.issuer_called(iss).ok_or(TokenError::UnknownIssuer)?;
    // Claims come before the signature: an expired token then costs no signature work, and waits
    // for no keys.
    let validity = check_claims(token.claims(), &issuer.rules, &rules.time, now)?;
    let keys = match keys(id, issuer, evidence, now) {
        Keys::Ready(keys) => keys,
        Keys::Wait => return Ok(Authentication::Wait(id)),
        Keys::Unavailable => return Ok(Authentication::Unavailable(id)),
    };
    match token.verify_signature(&keys) {
        Ok(()) => {
            let identity = identity(policy, evidence, token.claims(), trace)?;
            evidence.remember(digest, &identity, validity.until);
            Ok(Authentication::Known(identity, Source::Token))
        }
        Err(TokenError::UnknownKey) if matches!(issuer.keys, IssuerKeys::Remote(_)) => {
            match evidence.newer_keys(id, now) {
                NewerKeys::Current => Err(TokenError::UnknownKey.into()),
                NewerKeys::Wait => Ok(Authentication::Wait(id)),
                NewerKeys::Unavailable => Ok(Authentication::Unavailable(id)),
            }
        }
        Err(error) => Err(error.into()),
    }
}

fn keys(id: IssuerId, issuer: &Issuer, evidence: &mut impl Evidence, now: UnixMillis) -> Keys {
    match &issuer.keys {
        IssuerKeys::Inline(keys) => Keys::Ready(Rc::clone(keys)),
        IssuerKeys::Remote(_) => evidence.keys(id, now),
        // Refused at load for every policy that verifies tokens itself.
        IssuerKeys::None => Keys::Unavailable,
    }
}

fn identity(
    policy: &Policy,
    evidence: &impl Evidence,
    claims: &dyn Claims,
    trace: &mut impl Trace,
) -> Result<Identity, Refusal> {
    let rules = policy.identity();
    let tenant = claims.string(&rules.tenant).filter(|it| is_tenant(it));
    let tenant = tenant.ok_or(Refusal::NoTenant)?;
    let scopes: Vec<Cow<'_, str>> =
        rules.scopes.iter().filter_map(|path| claims.scopes(path)).flatten().collect();
    let tier = policy.tiers().for_scopes(&scopes, trace);
    let mut identity = capped(policy, evidence, Some(Rc::from(tenant.as_ref())), tier);
    identity.user =
        rules.user.as_ref().and_then(|it| claims.string(it)).map(|it| Rc::from(it.as_ref()));
    identity.is_operator = policy
        .quotas()
        .operator_scope
        .as_ref()
        .is_some_and(|it| scopes.iter().any(|has| has == it));
    identity.consents = identity.tier.is_some_and(|it| consents(policy, it, claims));
    Ok(identity)
}

/// Whether the token shows consent by the claim that `tier` asks for.
fn consents(policy: &Policy, tier: TierId, claims: &dyn Claims) -> bool {
    let consent = policy.tiers().limits(tier).and_then(|it| it.consent());
    let claim = consent.and_then(|it| it.claim.as_ref());
    claim.is_some_and(|it| claims.is_true(it) || claims.string(it).is_some_and(|it| !it.is_empty()))
}

fn capped(
    policy: &Policy,
    evidence: &impl Evidence,
    tenant: Option<Rc<str>>,
    tier: Option<TierId>,
) -> Identity {
    let of = |tenant: &str| match policy.tenants().get(tenant) {
        Some(terms) => terms.max_tier,
        None => evidence.sourced_cap(tenant),
    };
    let cap = tenant.as_deref().and_then(of);
    let identity = Identity { tenant, tier, ..Identity::default() };
    match (tier, cap) {
        // A smaller id is a better tier.
        (Some(tier), Some(cap)) if tier < cap => {
            Identity { tier: Some(cap), uncapped: Some(tier), ..identity }
        }
        _ => identity,
    }
}

//! The answer to those who ask what was used.

use std::task::Poll;

use serde::Serialize;
use voxgate_host::LocalReply;
use voxgate_policy::quota::store::Store;
use voxgate_policy::quota::{AccountId, QuotaRules, UsageQuery, UsageRow};
use voxgate_policy::request::RequestHead;
use voxgate_policy::subject::Subject;
use voxgate_policy::time::UnixMillis;

use crate::shared::Shared;

/// How many accounts a page has at least, unless `limit` says otherwise.
const PAGE: usize = 100;

/// The most that `limit` can ask for.
const MAX_PAGE: usize = 1000;

/// A tenant's own figures.
#[derive(Serialize)]
struct Own<'a> {
    tenant: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'a str>,
    limits: Vec<UsageRow>,
    /// The user's own, where a rule counts users.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    user_limits: Vec<UsageRow>,
}

/// A page of all tenants' figures.
#[derive(Serialize)]
struct All {
    accounts: Vec<One>,
    /// What `page` must be for the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
}

#[derive(Serialize)]
struct One {
    /// Absent for callers without a tenant, and for the service as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    scope: &'static str,
    limits: Vec<UsageRow>,
}

/// The figures of the tenant that asks; all tenants', if it is an operator.
pub fn reply(
    shared: &Shared,
    subject: &Subject,
    head: &RequestHead,
    now: UnixMillis,
) -> LocalReply {
    if !matches!(head.method(), b"GET" | b"HEAD") {
        let allow = vec![("allow", "GET, HEAD".to_owned())];
        return LocalReply { status: 405, headers: allow, body: Vec::new(), grpc: None };
    }
    // Structs of strings and numbers cannot fail to serialise.
    let body = match subject.is_operator {
        true => serde_json::to_vec(&all(shared, head, now)),
        false => serde_json::to_vec(&own(shared, subject, now)),
    };
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ];
    LocalReply { status: 200, headers, body: body.unwrap_or_default(), grpc: None }
}

fn own<'a>(shared: &Shared, subject: &'a Subject, now: UnixMillis) -> Own<'a> {
    let terms = shared.terms(subject.tenant.as_deref());
    let [limits, user_limits] = QuotaRules::own_accounts(subject).map(|id| {
        let found = shared.store().usage(0, &UsageQuery::Tenant(&id));
        let Poll::Ready(usage) = found else { return Vec::new() };
        let rows = usage.accounts.into_iter().flat_map(|(id, mut account)| {
            let policy = &shared.policy;
            policy.quotas().rows(&id, &mut account, Some(subject), terms.as_ref(), policy, now)
        });
        rows.collect()
    });
    Own {
        tenant: subject.tenant.as_deref().unwrap_or_default(),
        tier: subject.tier.as_deref(),
        limits,
        user_limits,
    }
}

fn all(shared: &Shared, head: &RequestHead, now: UnixMillis) -> All {
    let asked = |name: &str| {
        let mut query = form_urlencoded::parse(head.query());
        query.find(|(it, _)| it == name).and_then(|(_, value)| value.parse::<u32>().ok())
    };
    let at_least = asked("limit").map_or(PAGE, |it| (it as usize).clamp(1, MAX_PAGE));
    let query = UsageQuery::All { from: asked("page").unwrap_or_default(), at_least };
    let Poll::Ready(usage) = shared.store().usage(0, &query) else {
        return All { accounts: Vec::new(), next: None };
    };
    let accounts = usage.accounts.into_iter().map(|(id, mut account)| {
        let (tenant, scope) = match &id {
            AccountId::Tenant(name) => (Some(name.clone()), "tenant"),
            AccountId::Anonymous => (None, "anonymous"),
            AccountId::Service => (None, "service"),
            AccountId::User(_) => (None, "user"),
        };
        let terms = shared.terms(tenant.as_deref());
        let policy = &shared.policy;
        let limits = policy.quotas().rows(&id, &mut account, None, terms.as_ref(), policy, now);
        One { tenant, scope, limits }
    });
    All { accounts: accounts.collect(), next: usage.next }
}

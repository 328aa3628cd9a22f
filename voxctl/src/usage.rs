//! What was used of the quotas, as a proxy tells it: the answer to `GET /.well-known/voxgate/usage`.

mod client;
mod error;

use serde::Deserialize;
use serde_json::{Value, json};

pub use client::{Client, UsageUrl};
pub use error::{BadToken, BadUrl, UsageError};

/// An answer, or the answers of several pages, as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document(Value);

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose use it is.
    pub account: String,
    /// What the proxy says.
    pub row: Row,
}

/// How an account stands under one rule; fields that a later version adds are left to `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// The rule.
    pub rule: String,
    /// The meter.
    pub meter: String,
    /// The limit, if there is one that is known.
    pub limit: Option<u64>,
    /// Units in use.
    pub used: u64,
    /// Of these, reserved by requests that have not ended.
    pub reserved: u64,
    /// What is left.
    pub remaining: Option<u64>,
    /// Seconds until all of the limit is free again.
    pub resets_in: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    All {
        accounts: Vec<Account>,
        next: Option<u32>,
    },
    Own {
        tenant: String,
        limits: Vec<Row>,
        #[serde(default)]
        user_limits: Vec<Row>,
    },
}

#[derive(Deserialize)]
struct Account {
    tenant: Option<String>,
    scope: String,
    limits: Vec<Row>,
}

// === impl Document ===

impl Document {
    /// An answer's body; `None` if it is not what the quota filter answers.
    fn parse(body: &[u8]) -> Option<Self> {
        let document = Self(serde_json::from_slice(body).ok()?);
        document.answer().map(|_| document)
    }

    /// The page after this one, if there is one.
    pub fn next(&self) -> Option<u32> {
        match self.answer()? {
            Answer::All { next, .. } => next,
            Answer::Own { .. } => None,
        }
    }

    /// Adds the accounts of the page after this one.
    fn append(&mut self, mut page: Self) {
        let next = page.next();
        let more = page.0["accounts"].as_array_mut().map(std::mem::take).unwrap_or_default();
        if let Some(accounts) = self.0["accounts"].as_array_mut() {
            accounts.extend(more);
        }
        if let Some(members) = self.0.as_object_mut() {
            match next {
                Some(next) => members.insert("next".to_owned(), json!(next)),
                None => members.remove("next"),
            };
        }
    }

    /// As it came.
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// What it says, line by line.
    pub fn lines(&self) -> Vec<Line> {
        let line = |account: &str| {
            let account = account.to_owned();
            move |row: Row| Line { account: account.clone(), row }
        };
        match self.answer() {
            None => Vec::new(),
            Some(Answer::Own { tenant, limits, user_limits }) => {
                let own = limits.into_iter().map(line(&tenant));
                own.chain(user_limits.into_iter().map(line(&format!("{tenant}, you")))).collect()
            }
            Some(Answer::All { accounts, .. }) => accounts
                .into_iter()
                .flat_map(|it| {
                    let name = it.tenant.unwrap_or_else(|| format!("({})", it.scope));
                    it.limits.into_iter().map(line(&name))
                })
                .collect(),
        }
    }

    fn answer(&self) -> Option<Answer> {
        Answer::deserialize(&self.0).ok()
    }
}

//! What is told to those who ask what was used.

use super::*;

fn by_method(host: &FakeHost, method: &str) -> voxgate_fake_host::Reply {
    let subject = Subject { asks_usage: true, ..speech(0) };
    let request = host.new_request().header(":method", method).header(":path", USAGE);
    let stream = request.filter_state(SUBJECT_STATE, subject.to_json()).send();
    let reply = stream.reply();
    stream.end();
    reply
}

fn users_rule() -> Value {
    let mut users = requests(5);
    (users["name"], users["scope"]) = (json!("users"), json!("user"));
    users
}

fn operator() -> Subject {
    Subject { is_operator: true, ..speech(0) }
}

#[test]
fn a_tenant_is_told_its_own_figures_and_asking_costs_nothing() {
    let host = with_rules(json!([chars(100), requests(1), users_rule()]));
    spoken(&host, 20);
    let under_way = granted(&host, &Subject { tenant: Some("b".to_owned()), ..speech(70) });
    let own = told(&host, speech(0), "");
    assert_eq!((&own["tenant"], &own["tier"]), (&json!("acme"), &json!("premium")));
    let chars = &own["limits"][0];
    assert_eq!((&chars["used"], &chars["remaining"]), (&json!(20), &json!(80)));
    assert_eq!(own["limits"][1]["remaining"], 0, "{own}");
    assert_eq!(own["user_limits"][0]["used"], 1);
    assert_eq!(own.get("accounts"), None);
    let other = Subject { user: Some("ben".to_owned()), ..speech(0) };
    assert_eq!(told(&host, other, "")["user_limits"][0]["used"], 0);
    under_way.client_leaves();
}

#[test]
fn use_is_asked_for_with_get_or_head_and_never_kept() {
    let host = with_rules(json!([chars(100)]));
    for method in ["GET", "HEAD"] {
        let reply = by_method(&host, method);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(reply.header("content-type").as_deref(), Some("application/json"));
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "get", ""] {
        let reply = by_method(&host, method);
        assert_eq!((reply.status, reply.header("allow").as_deref()), (405, Some("GET, HEAD")));
        assert_eq!(reply.text(), "");
    }
}

#[test]
fn an_operator_is_told_all_tenants_a_page_at_a_time() {
    let host = with_rules(json!([chars(100), users_rule()]));
    let tenants = ["a", "b", "c", "d", "e"];
    for tenant in tenants {
        let subject = Subject { tenant: Some(tenant.to_owned()), ..speech(20) };
        serve(granted(&host, &subject), 2000);
    }
    serve(granted(&host, &Subject { tenant: None, ..speech(20) }), 2000);
    let mut seen = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = told(&host, operator(), &query);
        seen.extend(page["accounts"].as_array().unwrap().iter().cloned());
        match &page["next"] {
            Value::Null => break,
            next => query = format!("?limit=2&page={next}"),
        }
    }
    let mut names: Vec<_> = seen.iter().filter_map(|it| it["tenant"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, tenants);
    let scopes: Vec<_> = seen.iter().filter(|it| it["scope"] == "anonymous").collect();
    assert_eq!((seen.len(), scopes.len()), (6, 1), "users are not listed");
    assert_eq!(scopes[0]["limits"][0]["used"], 20);
}

#[test]
fn garbage_in_the_query_is_as_if_nothing_was_said() {
    let host = with_rules(json!([chars(100)]));
    spoken(&host, 20);
    let garbage = [
        "",
        "?",
        "?limit=",
        "?limit=-1",
        "?limit=x&page=x",
        "?limit=99999999999",
        "?page=-1",
        "?%zz",
        "?limit=%ff",
        "?page=&page=5",
        "?LIMIT=0&&&=",
        "?limit=0",
        "?limit=4294967295",
    ];
    for query in garbage {
        let page = told(&host, operator(), query);
        assert_eq!(page["accounts"].as_array().unwrap().len(), 1, "{query}");
    }
    for beyond in ["?page=16384", "?page=4294967295"] {
        assert_eq!(told(&host, operator(), beyond), json!({"accounts": []}), "{beyond}");
    }
    let own = told(&host, speech(0), "?page=9&limit=0");
    assert_eq!(own["limits"][0]["used"], 20, "a tenant's own has no pages");
}

//! Every problem type has a page, and every page a problem type.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;
use std::path::Path;

use voxgate_policy::decision::PROBLEM_TYPES;

#[test]
fn every_problem_type_has_a_page_and_a_row_and_every_page_a_problem_type() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/problems");
    let pages: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|it| it.unwrap().file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
        .filter(|it| it != "README")
        .collect();
    assert_eq!(pages, PROBLEM_TYPES.map(str::to_owned).into());
    let table = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for name in PROBLEM_TYPES {
        assert!(table.contains(&format!("[`{name}`]({name}.md)")), "no row for {name}");
        let page = std::fs::read_to_string(folder.join(format!("{name}.md"))).unwrap();
        assert!(page.starts_with(&format!("# {name} (")), "{name}.md starts with another title");
    }
}

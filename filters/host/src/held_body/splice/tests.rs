use super::*;

fn edit(start: u64, end: u64, bytes: &str) -> Edit {
    Edit { range: start..end, bytes: bytes.into() }
}

/// All of it, in pieces of each size.
fn spliced(text: &str, edits: &[Edit]) -> String {
    let of_size = |size: usize| {
        let mut all = Vec::new();
        let mut splice = Splice::new(edits);
        for piece in text.as_bytes().chunks(size) {
            splice.feed(piece, &mut |it| all.extend(it));
        }
        splice.finish(&mut |it| all.extend(it));
        String::from_utf8(all).unwrap()
    };
    let whole = of_size(text.len());
    (1..text.len()).for_each(|size| assert_eq!(of_size(size), whole, "in pieces of {size}"));
    whole
}

#[test]
fn edits_are_made_wherever_pieces_end() {
    let text = "0123456789";
    let cases: [(&[Edit], &str); 8] = [
        (&[], "0123456789"),
        (&[edit(0, 1, "a")], "a123456789"),
        (&[edit(9, 10, "")], "012345678"),
        (&[edit(0, 10, "all")], "all"),
        (&[edit(3, 3, "-"), edit(3, 7, "x")], "012-x789"),
        (&[edit(2, 4, "x"), edit(4, 4, "y"), edit(4, 9, "")], "01xy9"),
        (&[edit(10, 10, "end")], "0123456789end"),
        (&[edit(0, 0, "("), edit(8, 10, "z"), edit(10, 10, ")")], "(01234567z)"),
    ];
    for (edits, expected) in cases {
        assert_eq!(spliced(text, edits), expected);
    }
}

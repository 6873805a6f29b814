//! `explain --batch`: a question a line in, an answer a line out.

use super::{home, trunkline, trunkline_in};
use serde_json::{Value, json};

fn batch(arguments: &[&str], input: &str) -> (i32, Vec<Value>, String) {
    let arguments = [&["explain", "--batch", "-"], arguments].concat();
    let (code, out, err) = trunkline_in(&home(), &arguments, input);
    (code, out.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect(), err)
}

#[test]
fn each_line_has_its_answer_in_order() {
    let (code, answers, err) = batch(
        &[],
        r#"{"number": "0301234567", "source": "127.0.0.1", "from": "101"}
           {"number": "0900123456", "group": "office"}

           {"number": "112", "group": "office", "state": {"provider-b": "down"}}
           {"number": "112", "group": "office"}
           {"number": "1", "source": "198.51.100.9", "at": "2026-11-24T19:30"}
"#,
    );
    assert_eq!((code, err.as_str(), answers.len()), (0, "", 5));
    for answer in &answers {
        assert_eq!(answer["schema"], "trunkline/explain/1");
    }
    assert_eq!(
        (&answers[0]["route"], &answers[0]["attempts"][1]["number"]),
        (&json!("national"), &json!("0049301234567"))
    );
    assert_eq!((&answers[1]["outcome"], &answers[1]["reject"]["code"]), (&json!("reject"), &json!(403)));
    assert_eq!(answers[2]["attempts"], json!([{ "gateway": "provider-a", "number": "112", "share": 1.0 }]));
    assert_eq!(answers[3]["attempts"][0]["gateway"], "provider-b", "a state holds for its own line alone");
    assert_eq!((&answers[4]["outcome"], &answers[4]["access"]), (&json!("access"), &json!("drop")));
}

#[test]
fn a_line_of_the_batch_is_the_answer_that_explain_gives() {
    let flags = ["--source", "127.0.0.1", "--at", "2026-11-24T19:30Z", "--state", "provider-a=full"];
    let (_, answers, _) = batch(&flags, "{\"number\": \"0049301234567\"}\n");
    let (_, out, _) = trunkline(&[&["explain", "0049301234567", "--format", "json"][..], &flags].concat());
    let alone: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(answers, [alone]);
    assert_eq!(answers[0]["skipped"], json!([{ "gateway": "provider-a", "why": "full" }]));
}

#[test]
fn a_line_without_an_answer_says_why_and_the_rest_goes_on() {
    let (code, answers, err) = batch(
        &[],
        r#"{"number": "0301", "group": "offce"}
{"number": "0301", "gruop": "office"}
{"number": "0301", "group": "office", "at": "noon"}
{"number": "0301", "group": "office", "state": {"provider-a": "tired"}}
nonsense
{"number": "0301", "group": "office"}
"#,
    );
    assert_eq!((code, answers.len()), (2, 6));
    let errors: Vec<&str> = answers.iter().filter_map(|answer| answer["error"].as_str()).collect();
    assert_eq!(errors.len(), 5);
    assert_eq!(errors[0], "there is no group `offce`; did you mean `office`?");
    assert!(errors[1].contains("unknown field `gruop`"), "{}", errors[1]);
    assert_eq!(errors[2], "`at` noon: write 2026-11-24T19:30, or with an offset 2026-11-24T19:30+01:00");
    assert_eq!(errors[3], "`tired` is none of up, down, disabled, full");
    assert_eq!((&answers[4]["line"], &answers[5]["route"]), (&json!(5), &json!("national")));
    assert_eq!(err.trim_end(), "trunkline explain: 5 of 6 lines have no answer: see `error` in the output");
}

#[test]
fn what_is_no_batch_is_refused() {
    let (code, _, err) = trunkline(&["explain", "--batch", "no-such-file.jsonl"]);
    assert_eq!((code, err.contains("no-such-file.jsonl: No such file")), (2, true), "{err}");
    let (code, _, _) = trunkline(&["explain", "--batch", "-", "0301"]);
    assert_eq!(code, 2, "a number and a batch at once");
    let (code, out, err) = trunkline_in(&home(), &["explain", "--batch", "-"], &"x".repeat(100_000));
    assert_eq!((code, out.as_str(), err.trim_end()), (2, "", "trunkline explain: line 1 is longer than 65536 bytes"));
}

//! The story, step by step. Each step shows what happens, then checks it from outside.

use super::phone::Call;
use super::screen::Screen;
use super::stage::{Stage, until};
use serde_json::Value;
use std::time::{Duration, Instant};

const BERLIN: &str = "0301234567";
const MUNICH: &str = "0891234567";

/// The lines that step 5 adds to the file.
const NEW_ROUTE: &str = "
  berlin:                           # added while the router runs
    prefix: \"030\"
    group: office
    to: [provider-b, provider-a]
    number: { strip: 1, add: \"49\" }
";

pub async fn tell(stage: &mut Stage, screen: &mut Screen) -> Result<(), String> {
    answered(stage, screen).await?;
    failover(stage, screen).await?;
    skipped(stage, screen).await?;
    recovery(stage, screen).await?;
    let edited = reroute(stage, screen).await?;
    broken(stage, screen, &edited).await
}

/// A call and its record, shown.
async fn call(stage: &Stage, screen: &Screen, number: &str) -> Result<(Call, Value), String> {
    let call = stage.dial(number).await?;
    let id = &call.outcome.call_id;
    let mut records =
        until("the call's record", || Some(stage.router.records_of(id)).filter(|r| !r.is_empty())).await?;
    show(stage, screen, &call, &records[0]);
    Ok((call, records.swap_remove(0)))
}

/// What phone and gateways did, in order.
fn show(stage: &Stage, screen: &Screen, call: &Call, record: &Value) {
    let mut acts = vec![(call.began, "phone", format!("dials {}", call.number))];
    acts.extend(call.replies.iter().map(|reply| (reply.at, "phone", format!("hears {}", reply.line))));
    for gateway in [&stage.first, &stage.second] {
        let heard = gateway.heard(&call.outcome.call_id);
        let invites = heard.into_iter().filter(|heard| heard.method == "INVITE");
        acts.extend(invites.map(|heard| (heard.at, gateway.name, format!("rings {}", heard.number))));
    }
    // Records count whole milliseconds; nothing happened before the 100.
    let heard = call.replies.first().map_or(call.began, |reply| reply.at);
    acts.extend(given_up(record).into_iter().map(|(after, what)| (heard.max(call.began + after), "router", what)));
    acts.sort_by_key(|act| act.0);
    for (at, who, what) in acts {
        screen.act(at.saturating_duration_since(call.began), who, &what);
    }
}

/// The attempts that came to nothing, and how long after the INVITE each was given up.
fn given_up(record: &Value) -> Vec<(Duration, String)> {
    let mut after = Duration::ZERO;
    let mut all = Vec::new();
    for attempt in record["attempts"].as_array().map(Vec::as_slice).unwrap_or_default() {
        after += Duration::from_millis(attempt["duration_ms"].as_u64().unwrap_or_default());
        let gateway = text(&attempt["gateway"]);
        match text(&attempt["why"]) {
            "replied" => {}
            "transport" => all.push((after, format!("finds nobody at {gateway} (ICMP), tries the next"))),
            why => all.push((after, format!("gives {gateway} up ({why}), tries the next"))),
        }
    }
    all
}

/// `provider-a 503, provider-b 200`.
fn attempts(record: &Value) -> String {
    let attempts = record["attempts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |attempt: &Value| format!("{} {}", text(&attempt["gateway"]), attempt["code"]);
    attempts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("nothing")
}

/// The numbers that the gateways were asked to ring: `provider-a 49…`.
fn rung(stage: &Stage, call: &Call) -> String {
    let mut all = Vec::new();
    for gateway in [&stage.first, &stage.second] {
        let heard = gateway.heard(&call.outcome.call_id);
        let invites = heard.into_iter().filter(|heard| heard.method == "INVITE");
        all.extend(invites.map(|heard| format!("{} {}", gateway.name, heard.number)));
    }
    all.join(", ")
}

async fn answered(stage: &mut Stage, screen: &mut Screen) -> Result<(), String> {
    screen
        .step(
            "A call is answered",
            "The phone dials a number in Berlin. The longest prefix in routes.yaml that matches is \"0\", the route\n\
         `national`: cut the 0, put 49 in front, try provider-a, then provider-b.",
        )
        .await;
    let (call, record) = call(stage, screen, BERLIN).await?;
    screen.check_equal("the phone heard", &call.outcome.code.to_string(), "200");
    screen.check_equal("who was rung", &rung(stage, &call), "provider-a 49301234567");
    let record =
        format!("{} by {}, route {}", text(&record["outcome"]), text(&record["gateway"]), text(&record["route"]));
    screen.check_equal("the record says", &record, "answered by provider-a, route national");
    Ok(())
}

async fn failover(stage: &mut Stage, screen: &mut Screen) -> Result<(), String> {
    screen
        .step(
            "A provider dies, and a call goes through all the same",
            "provider-a's process is killed, and the phone dials at once, before any probe could notice. The router\n\
         learns from the refused INVITE and tries the next provider, in the number format that one wants.",
        )
        .await;
    stage.first_killed = stage.router.log_length();
    stage.first.stop().await;
    screen.note(stage.first.name, "is killed");
    let (call, record) = call(stage, screen, BERLIN).await?;
    screen.check_equal("the phone heard", &call.outcome.code.to_string(), "200");
    screen.check_equal("who was rung", &rung(stage, &call), "provider-b 0049301234567");
    screen.check_equal("the record's attempts", &attempts(&record), "provider-a 503, provider-b 200");
    screen.check(
        call.outcome.setup < Duration::from_secs(1),
        &format!(
            "the dead provider cost the caller no noticeable time ({} ms to the answer)",
            call.outcome.setup.as_millis()
        ),
    );
    Ok(())
}

async fn skipped(stage: &mut Stage, screen: &mut Screen) -> Result<(), String> {
    screen
        .step(
            "The router stops asking the dead provider",
            "Each provider is probed with OPTIONS, here every 300 ms. After three failures provider-a is down, and\n\
         calls go straight to provider-b.",
        )
        .await;
    let began = Instant::now();
    told(stage, stage.first_killed, "down").await?;
    screen.note("router", &format!("takes it out of service, {:.1} s later", began.elapsed().as_secs_f64()));
    let (_, record) = call(stage, screen, BERLIN).await?;
    screen.check_equal("the record's attempts", &attempts(&record), "provider-b 200");
    let skipped = record["skipped"].as_array().and_then(|list| list.first()).cloned().unwrap_or_default();
    let skipped = format!("{} {}", text(&skipped["gateway"]), text(&skipped["why"]));
    screen.check_equal("the record says who was passed over", &skipped, "provider-a down");
    Ok(())
}

async fn recovery(stage: &mut Stage, screen: &mut Screen) -> Result<(), String> {
    screen
        .step(
            "The provider comes back, and so do the calls",
            "provider-a is started again. Two probes in a row must be answered before it gets calls.",
        )
        .await;
    let (began, line) = (Instant::now(), stage.router.log_length());
    stage.first.restart().await?;
    screen.note(stage.first.name, "is started");
    told(stage, line, "up").await?;
    let probes = stage.first.count_since("OPTIONS", began);
    screen.note("router", &format!("takes it back, {:.1} s and {probes} probes later", began.elapsed().as_secs_f64()));
    let (call, record) = call(stage, screen, BERLIN).await?;
    screen.check(probes >= 2, "provider-a had answered at least two probes before");
    screen.check_equal("who was rung", &rung(stage, &call), "provider-a 49301234567");
    screen.check_equal("the record's attempts", &attempts(&record), "provider-a 200");
    Ok(())
}

/// Waits for the router's word that provider-a is `down` or `up`; the story's checks do not rest on it.
async fn told(stage: &Stage, from: usize, state: &str) -> Result<(), String> {
    let says = |line: &String| {
        line.contains(&format!("gateway {} ", stage.first.name)) && line.contains(&format!(" is {state}"))
    };
    until("the router's word about provider-a", || stage.router.log_from(from).iter().any(says).then_some(())).await
}

/// Calls until a record is as wanted. Calls before it must all be answered.
async fn call_until(stage: &Stage, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<(Call, Value), String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        let call = stage.dial(BERLIN).await?;
        if !call.outcome.answered() {
            return Err(format!("a call failed: {} {}", call.outcome.code, call.outcome.reason));
        }
        let id = &call.outcome.call_id;
        let mut found =
            until("the call's record", || Some(stage.router.records_of(id)).filter(|r| !r.is_empty())).await?;
        if wanted(&found[0]) {
            return Ok((call, found.swap_remove(0)));
        }
    }
    Err(format!("waited 20 s for {what}"))
}

async fn reroute(stage: &mut Stage, screen: &mut Screen) -> Result<String, String> {
    screen.step(
        "The file is edited, and the next call follows",
        "A route for Berlin is added to routes.yaml: provider-b first. Nobody restarts or tells the router anything.",
    )
    .await;
    screen.quote(NEW_ROUTE.trim_matches('\n'));
    let before = last_revision(stage);
    let edited = stage.routes.replacen("\nroutes:\n", &format!("\nroutes:{NEW_ROUTE}"), 1);
    let (saved, line) = (Instant::now(), stage.router.log_length());
    stage.save(&edited)?;
    let (seen, record) = call_until(stage, "the new route to be used", |record| record["route"] == "berlin").await?;
    screen.note("router", &format!("serves the new file after {} ms, and logs:", saved.elapsed().as_millis()));
    screen.quote(&stage.router.words_from(line));
    show(stage, screen, &seen, &record);
    screen.check_equal("who was rung", &rung(stage, &seen), "provider-b 0049301234567");
    screen.check(record["revision"] != before, "the record names the new revision");
    let (munich, _) = call(stage, screen, MUNICH).await?;
    screen.check_equal("a call to Munich goes its way as before", &rung(stage, &munich), "provider-a 49891234567");
    Ok(edited)
}

fn last_revision(stage: &Stage) -> Value {
    stage.router.records().pop().map(|record| record["revision"].clone()).unwrap_or_default()
}

async fn broken(stage: &mut Stage, screen: &mut Screen, good: &str) -> Result<(), String> {
    screen
        .step(
            "The file is broken, and nothing happens",
            "Somebody saves the file without the quotes around 030. YAML would make the number 30 of it, and calls to\n\
         Berlin would go astray. The router says what is wrong, and keeps serving what it has.",
        )
        .await;
    let before = last_revision(stage);
    let line = stage.router.log_length();
    stage.save(&good.replacen("prefix: \"030\"", "prefix: 030", 1))?;
    until("the router's complaint", || {
        stage.router.log_from(line).iter().any(|line| line.contains("TL0104")).then_some(())
    })
    .await?;
    screen.note("router", "logs:");
    screen.quote(&stage.router.words_from(line));
    screen.note("validate", "says it at length:");
    screen.quote(&stage.validate().await?);
    screen.check(true, "the router refused the file, and said where it is wrong (TL0104)");
    let (seen, record) = call(stage, screen, BERLIN).await?;
    screen.check_equal("the next call", &rung(stage, &seen), "provider-b 0049301234567");
    screen.check(record["revision"] == before, "it was served by the last good revision");
    let line = stage.router.log_length();
    stage.save(good)?;
    until("the router's word that all is well", || (stage.router.log_length() > line).then_some(())).await
}

/// A call a second, until somebody presses Ctrl-C.
pub async fn go_on(stage: &mut Stage, screen: &mut Screen) -> Result<(), String> {
    screen.say("\nNow it is yours: a call a second, until Ctrl-C. Try it from another terminal:\n");
    screen.say(&format!("    edit    {}", stage.file().display()));
    for gateway in [&stage.first, &stage.second] {
        let process = gateway.process().map(|id| format!("kill {id}")).unwrap_or_default();
        screen.say(&format!("    {process:<11} stops {}", gateway.name));
    }
    screen.say("");
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let mut line = stage.router.log_length();
    loop {
        seconds.tick().await;
        screen.quote(&stage.router.words_from(line));
        line = stage.router.log_length();
        let call = stage.dial(BERLIN).await?;
        let rung = rung(stage, &call);
        let (code, milliseconds) = (call.outcome.code, call.outcome.setup.as_millis());
        screen.say(&format!("   {BERLIN} -> {code} {:<28} {milliseconds} ms", rung));
    }
}

pub async fn end(stage: &mut Stage, screen: &mut Screen) -> Result<(), String> {
    screen.step("The router is told to stop", "SIGTERM: calls in set-up would be finished first.").await;
    let code = stage.router.stop().await;
    screen.check_equal("its exit code", &format!("{code:?}"), "Some(0)");
    let records = stage.router.records();
    let mut ids: Vec<_> = records.iter().map(|record| text(&record["call_id"]).to_owned()).collect();
    ids.sort();
    ids.dedup();
    let each_once = ids.len() == records.len() && ids.len() == stage.calls.get();
    screen.check(each_once, &format!("{} calls, {} records, one for each call", stage.calls.get(), records.len()));
    Ok(())
}

//! The one word towards the bedside.

use crate::clients::ask;
use crate::display::patient;
use crate::process::{Process, within};
use std::time::Duration;

fn post(service: &Process, alarm: &str, origin: &str) -> u16 {
    let origin = format!("Origin: {origin}");
    ask(
        service,
        &format!("/seen/{alarm}"),
        &["-XPOST", "-H", &origin],
    )
    .status
}

#[test]
fn an_alarm_seen_reaches_the_display() {
    let service = Process::serving(patient());
    assert_eq!(post(&service, "104", &service.url("")), 202);
    let arrived = within(Duration::from_secs(2), || {
        service.display.script().seen == [104]
    });
    assert!(arrived, "{:?}", service.display.script().seen);
    service.wait_for_log("alarm 104: marked as seen by O=Cordon test,CN=Nurse station 1");
    // It is still an alarm: seeing it changes nothing.
    let listener = crate::events::Listener::new(&service, &[]);
    assert_eq!(listener.next_of("vitals").data["alarms"][0]["id"], 104);
}

#[test]
fn only_what_is_on_screen_from_the_own_page_at_a_persons_pace() {
    let service = Process::serving(patient());
    let own = service.url("");
    assert_eq!(post(&service, "104", "https://elsewhere.example"), 403);
    assert_eq!(post(&service, "104", "null"), 403);
    assert_eq!(ask(&service, "/seen/104", &["-XPOST"]).status, 403);
    let cross = [
        "-XPOST",
        "-H",
        &format!("Origin: {own}"),
        "-H",
        "Sec-Fetch-Site: cross-site",
    ];
    assert_eq!(ask(&service, "/seen/104", &cross).status, 403);
    // The own page's origin beside another, in either order, is not the own page's alone.
    let (ours, theirs) = (
        format!("Origin: {own}"),
        "Origin: https://elsewhere.example",
    );
    for two in [[&*ours, theirs], [theirs, &ours], [&ours, &ours]] {
        let two = ["-XPOST", "-H", two[0], "-H", two[1]];
        assert_eq!(ask(&service, "/seen/104", &two).status, 403, "{two:?}");
    }
    assert!(service.display.script().seen.is_empty());
    assert_eq!(post(&service, "101", &own), 404);
    for none in ["-1", "4294967296", "x", "", "104/"] {
        assert_eq!(post(&service, none, &own), 400, "{none}");
    }
    let granted = (0..30)
        .filter(|_| post(&service, "104", &own) == 202)
        .count();
    assert!((1..=8).contains(&granted), "{granted}");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(service.display.script().seen.len(), granted);
}

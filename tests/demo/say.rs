//! What the demo prints: steps, facts, and in red what is not as it would be on
//! a device.

use std::io::IsTerminal as _;

fn painted(colour: &str, text: &str) -> String {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stdout().is_terminal() && !refused {
        format!("\x1b[{colour}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// A step of the story.
pub fn step(number: u32, text: &str) {
    println!("\n{}", painted("1", &format!("{number}. {text}")));
}

/// Something that is as it should be.
pub fn fact(text: &str) {
    println!("   {text}");
}

/// Something that is not protected here, or not as it should be.
pub fn warning(text: &str) {
    println!("   {}", painted("31;1", &format!("! {text}")));
}

/// Lines of another program, set off.
pub fn quoted(text: &str) {
    for line in text.lines() {
        println!("   | {line}");
    }
}

/// Why the demo ended before its time.
pub fn failure(text: &str) {
    println!("\n{}", painted("31;1", &format!("The demo failed: {text}")));
}

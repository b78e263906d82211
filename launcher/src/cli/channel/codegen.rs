//! `cordon channel codegen`: a record of the manifest as a type of a language.

use super::CodegenOptions;
use crate::cli::source::Source;
use crate::cli::{Exit, Failure, print};
use crate::codegen;
use std::path::Path;

/// Writes the code. Nothing of the target is asked for: it runs where the
/// device's programs are built.
pub fn run(options: &CodegenOptions) -> Result<Exit, Failure> {
    let source = Source::read(&options.manifest)?;
    let manifest = source.checked()?.manifest;
    let mut channels = manifest.planned_channels();
    let declared: Vec<String> = channels.iter().map(|one| one.name.clone()).collect();
    if let Some(unknown) = options.channels.iter().find(|one| !declared.contains(one)) {
        return Err(Failure::new(
            Exit::Usage,
            format!("{} declares no channel '{unknown}'", source.name()),
        )
        .help(format!("it declares: {}", declared.join(", "))));
    }
    if !options.channels.is_empty() {
        channels.retain(|one| options.channels.contains(&one.name));
    }
    if channels.is_empty() {
        let text = format!("{} declares no channels", source.name());
        return Err(Failure::new(Exit::Usage, text));
    }
    let device = &manifest.device.value;
    let text = codegen::generate(options.language, device, &channels)
        .map_err(|error| Failure::new(Exit::Internal, format!("a channel's record: {error}")))?;
    match &options.output {
        Some(path) => write(path, &text),
        None => print(&text),
    }
}

/// A file that is right already stays as it is, so that a build which looks at
/// its time builds nothing anew.
fn write(path: &Path, text: &str) -> Result<Exit, Failure> {
    if std::fs::read(path).is_ok_and(|found| found == text.as_bytes()) {
        return Ok(Exit::Success);
    }
    std::fs::write(path, text).map_err(|error| {
        let text = format!("cannot write {}: {error}", path.display());
        Failure::new(Exit::Internal, text)
    })?;
    Ok(Exit::Success)
}

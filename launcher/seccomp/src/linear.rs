//! The same rules by another compiler, as one linear chain: the peer of the
//! benchmark `syscalls`, and a second opinion in tests. Nothing is confined by it.

use crate::{Architecture, Filter, Instruction, ProfileError, book};
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;

/// What `fragments` allow, and EPERM for all else.
///
/// # Errors
/// Where a profile is not of the language, or seccompiler refuses it.
pub fn compile(architecture: Architecture, fragments: &[&str]) -> Result<Filter, ProfileError> {
    let failed = |problem: String| ProfileError {
        place: "seccompiler".into(),
        problem,
    };
    let mut chains: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (number, alternatives) in book(architecture, fragments)? {
        let chain = chains.entry(i64::from(number)).or_default();
        // To seccompiler a call without rules is one that may have any arguments.
        if alternatives.iter().any(Vec::is_empty) {
            continue;
        }
        for conditions in alternatives {
            let conditions = conditions.iter().map(|it| {
                let length = if it.dword {
                    SeccompCmpArgLen::Dword
                } else {
                    SeccompCmpArgLen::Qword
                };
                let operator = it.mask.map_or(SeccompCmpOp::Eq, SeccompCmpOp::MaskedEq);
                SeccompCondition::new(it.argument, length, operator, it.value)
            });
            let conditions: Result<Vec<_>, _> = conditions.collect();
            let rule = conditions.and_then(SeccompRule::new);
            chain.push(rule.map_err(|error| failed(error.to_string()))?);
        }
    }
    let architecture = architecture.name().try_into();
    let program = architecture
        .and_then(|architecture| {
            let refused = SeccompAction::Errno(libc::EPERM as u32);
            SeccompFilter::new(chains, refused, SeccompAction::Allow, architecture)
        })
        .and_then(seccompiler::BpfProgram::try_from)
        .map_err(|error| failed(error.to_string()))?;
    let same = |it: &seccompiler::sock_filter| Instruction {
        code: it.code,
        jt: it.jt,
        jf: it.jf,
        k: it.k,
    };
    Ok(Filter(program.iter().map(same).collect()))
}

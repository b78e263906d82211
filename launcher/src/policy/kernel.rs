//! Questions to the policy that the kernel has loaded (selinuxfs).

use selinux::{KernelSupport, SELinuxMode, SecurityClass, SecurityContext};
use std::ffi::CString;

/// SELINUX_AVD_FLAGS_PERMISSIVE of libselinux: the source domain is permissive.
const PERMISSIVE: u32 = 1;

/// Whether SELinux is enabled and has a policy.
pub fn enabled() -> bool {
    selinux::kernel_support() != KernelSupport::Unsupported
}

/// Whether it refuses what it does not allow.
pub fn enforcing() -> bool {
    selinux::current_mode() == SELinuxMode::Enforcing
}

/// Type of the context this process runs in.
pub fn own_domain() -> Option<String> {
    let context = std::fs::read_to_string("/proc/self/attr/current").ok()?;
    let context = context.trim_end_matches(['\0', '\n']);
    context.split(':').nth(2).map(str::to_owned)
}

/// Whether a context is valid in the loaded policy (security_check_context(3)).
pub fn known(context: &str) -> bool {
    with(context, |context| context.check() == Some(true)).unwrap_or(false)
}

/// Whether a domain is permissive. One that cannot be asked about is not
/// enforced as far as anyone knows.
pub fn permissive(domain: &str) -> bool {
    with(domain, |domain| {
        let process = SecurityClass::from_name("process").ok()?;
        let decision = domain.query_access_decision(domain, process, 0).ok()?;
        Some(decision.flags & PERMISSIVE != 0)
    })
    .flatten()
    .unwrap_or(true)
}

/// Of `permissions` on `class`, those that the loaded policy does not give
/// `domain` on an object with `label`. A permission the kernel does not know is
/// not given; none at all where the kernel does not answer.
pub fn refused(
    domain: &str,
    label: &str,
    class: &str,
    permissions: &[&'static str],
) -> Vec<&'static str> {
    let asked = with(domain, |domain| {
        with(label, |label| {
            let class = SecurityClass::from_name(class).ok()?;
            let decision = domain.query_access_decision(label, class, u32::MAX).ok()?;
            let given = |permission: &&&str| {
                let bit = class.access_vector_bit(permission).ok();
                bit.is_some_and(|bit| decision.allowed & bit == bit)
            };
            let refused = permissions.iter().filter(|one| !given(one));
            Some(refused.copied().collect())
        })
        .flatten()
    });
    asked.flatten().unwrap_or_default()
}

fn with<T>(context: &str, ask: impl FnOnce(&SecurityContext<'_>) -> T) -> Option<T> {
    let text = CString::new(context).ok()?;
    // Raw: no translation daemon stands between the question and the kernel.
    Some(ask(&SecurityContext::from_c_str(&text, true)))
}

//! No two things of any devices share a SELinux name.

use cordon_policygen::names;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What has a name of its own in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Thing {
    Component(String),
    Channel(String),
    File(String),
    Node(String),
    Tmpfs(String, String),
    Port(u16),
    Fingerprint(u8),
}

/// Every name that a thing has.
fn names_of(device: &str, thing: &Thing) -> Vec<String> {
    match thing {
        Thing::Component(name) => vec![
            names::domain_type(device, name),
            names::exec_type(device, name),
        ],
        Thing::Channel(name) => vec![names::channel_type(device, name)],
        Thing::File(path) => vec![
            names::file_type(device, path),
            names::parent_type(device, path),
        ],
        Thing::Node(path) => vec![names::node_type(device, path)],
        Thing::Tmpfs(component, path) => vec![names::tmpfs_type(device, component, path)],
        Thing::Port(port) => vec![names::port_type(device, *port)],
        Thing::Fingerprint(byte) => {
            vec![names::fingerprint_type(
                device,
                &format!("{byte:02x}").repeat(32),
            )]
        }
    }
}

/// Names that the manifest's language has, of few words so that they meet.
fn name() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a",
        "b",
        "c",
        "t",
        "1",
        "exec",
        "channel",
        "file",
        "device",
        "tmpfs",
        "port",
        "tcp",
        "443",
        "sha256",
        "etc",
        "supervisor",
        "2d",
    ]);
    prop::collection::vec(word, 1..4)
        .prop_map(|words| words.join("-"))
        .prop_filter("a letter first", |name| names::is_name(name))
}

/// Normalised absolute paths, with what might be taken for a separator.
fn path() -> impl Strategy<Value = String> {
    let element = prop_oneof![
        "[a-c_./-]{1,4}".prop_map(|text| text.replace('/', "_")),
        prop::sample::select(vec![
            "2d",
            "5f",
            "_2d",
            "__2d",
            "__5f",
            "t",
            "file",
            "a__file_t",
            "é"
        ])
        .prop_map(str::to_owned),
    ];
    let element = element.prop_filter("normalised", |text| text != "." && text != "..");
    prop::collection::vec(element, 1..4).prop_map(|elements| format!("/{}", elements.join("/")))
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        name().prop_map(Thing::Component),
        name().prop_map(Thing::Channel),
        path().prop_map(Thing::File),
        path().prop_map(Thing::Node),
        (name(), path()).prop_map(|(component, path)| Thing::Tmpfs(component, path)),
        prop::sample::select(vec![1_u16, 443, 4431]).prop_map(Thing::Port),
        any::<u8>().prop_map(Thing::Fingerprint),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn distinct_things_have_distinct_names(
        all in prop::collection::vec((name(), thing()), 2..40)
    ) {
        let mut seen: BTreeMap<String, &(String, Thing)> = BTreeMap::new();
        for one in &all {
            for name in names_of(&one.0, &one.1) {
                if let Some(other) = seen.insert(name.clone(), one) {
                    prop_assert_eq!(other, one, "{}", name);
                }
            }
        }
    }

    #[test]
    fn a_devices_prefix_begins_its_own_names_alone(
        device in name(), other in name(), thing in thing()
    ) {
        for name in names_of(&other, &thing) {
            let begins = name.starts_with(&names::prefix(&device));
            prop_assert_eq!(begins, device == other, "{}", name);
            prop_assert!(!names::BASE.contains(&name.as_str()));
        }
    }

    #[test]
    fn names_are_what_every_tool_of_selinux_takes(device in name(), thing in thing()) {
        for name in names_of(&device, &thing) {
            // The identifiers of checkmodule(8), without dots; CIL takes no more.
            prop_assert!(name.starts_with("cordon_"));
            prop_assert!(name.len() < 2048);
            prop_assert!(
                name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
                "{}", name
            );
        }
    }
}

#[test]
fn names_that_met_once_differ() {
    let differ = |a: String, b: String| assert_ne!(a, b);
    differ(
        names::domain_type("a", "b-c"),
        names::domain_type("a-b", "c"),
    );
    differ(
        names::exec_type("a", "b"),
        names::domain_type("a", "b-exec"),
    );
    differ(
        names::channel_type("a", "b"),
        names::domain_type("a", "b-channel"),
    );
    differ(
        names::file_type("a", "/srv/a-b"),
        names::file_type("a", "/srv/a/b"),
    );
    differ(
        names::tmpfs_type("a", "b", "/c/d"),
        names::tmpfs_type("a", "b-c", "/d"),
    );
    assert_eq!(
        names::exec_type("supervisor", "exec"),
        "cordon_supervisor__exec__exec_t"
    );
}

#[test]
fn the_longest_paths_have_names_too_and_each_its_own() {
    let long = |end: &str| format!("/{}/{end}", "_".repeat(4000));
    let (one, other) = (long("a"), long("b"));
    let name = names::file_type("a", &one);
    assert!(name.len() < 512, "{}", name.len());
    assert_ne!(name, names::file_type("a", &other));
}

/// The separator is safe because the manifest's language has no name with it.
#[test]
fn the_manifest_has_no_name_that_policy_would_refuse() {
    let manifest = |device: &str, component: &str, channel: &str| {
        format!(
            "cordon: 1\ndevice: {device}\ncomponents:\n  {component}:\n    role: vitals-display\n    \
             exec: [/opt/a]\n    user: a\n  reader:\n    role: network-service\n    exec: [/opt/b]\n    \
             user: b\nchannels:\n  {channel}:\n    from: {component}\n    to: [reader]\n    rate: 5/s\n    \
             record:\n      alarm: {{type: u32}}\n"
        )
    };
    let read = |text: String| cordon_manifest::parse(text.as_bytes(), "m.yaml");
    assert!(read(manifest("a", "b-exec", "c-channel")).is_ok());
    for bad in ["a--b", "a-", "-a", "a_b", "a__b", "1a", "a.b"] {
        assert!(!names::is_name(bad), "{bad}");
        for (device, component, channel) in [(bad, "b", "c"), ("a", bad, "c"), ("a", "b", bad)] {
            let report = read(manifest(device, component, channel)).expect_err(bad);
            assert!(
                report.diagnostics.iter().any(|found| found.code == "name"),
                "{bad}: {report:?}"
            );
        }
    }
}

//! The nurse's station: four files, compiled in, that need nothing from outside.

/// A file of the page.
pub struct Asset {
    /// Path it is served under.
    pub path: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Every file of the page.
pub const ASSETS: [Asset; 4] = [
    Asset {
        path: "/",
        kind: "text/html; charset=utf-8",
        text: include_str!("../page/station.html"),
    },
    Asset {
        path: "/station.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("../page/station.css"),
    },
    Asset {
        path: "/station.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../page/station.js"),
    },
    Asset {
        path: "/station.svg",
        kind: "image/svg+xml",
        text: include_str!("../page/station.svg"),
    },
];

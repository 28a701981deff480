//! The context of a VICS document, which tells its version, its scheme of categories, and whether it holds cases:
//! `…/DataModels/2.0.xml/US/$metadata#Cases`.

/// What a context says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::known) struct Context {
    /// "1.2", "1.3", "2.0".
    pub(in crate::known) version: String,
    /// "US", "UK", "Default", …
    pub(in crate::known) scheme: Option<String>,
    /// True for cases, false for media.
    pub(in crate::known) cases: bool,
}

impl Context {
    /// Finds the first context in `text`, which may be JSON: some write `\/` for `/`.
    pub(in crate::known) fn find(text: &str) -> Option<Self> {
        if text.contains("DataModels\\/") {
            return Self::find(&text.replace("\\/", "/"));
        }
        text.split("DataModels/").skip(1).find_map(Self::parse)
    }

    /// `1.3.xml#Media`, `2.0.xml/US/$metadata#Cases`
    fn parse(text: &str) -> Option<Self> {
        let (version, rest) = text.split_once(".xml")?;
        let (major, minor) = version.split_once('.')?;
        let is_number = |text: &str| !text.is_empty() && text.len() < 10 && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(major) || !is_number(minor) {
            return None;
        }
        let (path, kind) = rest.split_once('#')?;
        let cases = if kind.starts_with("Cases") { true } else { kind.starts_with("Media").then_some(false)? };
        let path = path.strip_suffix("$metadata").unwrap_or(path);
        let scheme = match path.strip_prefix('/') {
            Some(path) => path.strip_suffix('/').unwrap_or(path),
            None if path.is_empty() => "",
            None => return None,
        };
        if scheme.contains(['/', '"']) {
            return None;
        }
        let scheme = (!scheme.is_empty()).then(|| scheme.to_owned());
        Some(Self { version: version.to_owned(), scheme, cases })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_context_of_the_field_is_told() {
        let told = |text: &str| Context::find(text).map(|c| (c.version, c.scheme.unwrap_or_default(), c.cases));
        let is = |version: &str, scheme: &str, cases| Some((version.to_owned(), scheme.to_owned(), cases));
        let old = "http://github.com/ICMEC/ProjectVic/DataModels/";
        let new = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/";
        assert_eq!(told(&format!("{old}1.2.xml#Media")), is("1.2", "", false));
        assert_eq!(told(&format!("{old}1.3.xml#Media")), is("1.3", "", false));
        assert_eq!(told(&format!("{new}2.0.xml/Default/$metadata#Media")), is("2.0", "Default", false));
        for scheme in ["US", "UK", "Default", "CUSTOM"] {
            assert_eq!(told(&format!("{new}2.0.xml/{scheme}/$metadata#Cases")), is("2.0", scheme, true));
            assert_eq!(told(&format!("{new}2.0.xml/{scheme}#Cases")), is("2.0", scheme, true));
        }
        assert_eq!(told(r"http:\/\/DataModels\/2.0.xml\/US\/$metadata#Cases"), is("2.0", "US", true));
        assert_eq!(told("DataModels/x DataModels/2.0.xml#Cases"), is("2.0", "", true));
        for text in
            ["", "DataModels/", "DataModels/2.xml#Media", "DataModels/2.0.xml#Other", "DataModels/2.0.xml/a/b#Media"]
        {
            assert_eq!(told(text), None, "{text}");
        }
    }
}

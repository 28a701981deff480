//! VICS JSON of Project VIC, versions 1.2 (CAID), 1.3 and 2.0: hash sets, and cases, each of which is a group.
//!
//! After the structures that independent implementations read and write (IPED, Clees4All, GLEAPP): an OData envelope
//! with its context and `value`, a list of Media, or of cases with their `Media`.

mod context;
pub(in crate::known) mod media;
mod scan;

use self::{
    media::Members,
    scan::{Scanner, Stop},
};
use super::{Format, Group, Sink, input::Input, text::lossy};
use crate::{error::Result, known::record::Properties};

pub(in crate::known) use context::Context;

/// Bytes of one Media, of all fields of one case, or of the envelope. A tenth of what a reader may have in memory: the
/// members of a Media are told apart in several times their bytes.
const ELEMENT_BYTES: usize = 8 << 20;

/// The first key of a Media until one was read: that of Project VIC's own model.
const FIRST_KEY: &[u8] = b"\"MediaID\"";

/// VICS or CAID, for the beginning of a document that is one.
pub(super) fn by_content(text: &str) -> Option<Format> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    match Context::find(text) {
        // CAID is what is left of version 1.2, and has files where Project VIC has MediaFiles.
        Some(context) if context.version == "1.2" && !text.contains("\"MediaFiles\"") => Some(Format::Caid),
        Some(_) => Some(Format::Vics),
        // The context may stand behind the list.
        None => (text.contains("\"value\"") && (text.contains("\"MD5\"") || text.contains("\"Media\"")))
            .then_some(Format::Vics),
    }
}

/// Reads a document.
pub(super) fn read(input: Input<'_>, sink: &mut dyn Sink) -> Result<()> {
    let scan = Scanner::new(input);
    let mut reader = Reader {
        scan,
        sink,
        context: None,
        envelope: Properties::default(),
        untold: false,
        cases: 0,
        last_case: Properties::default(),
        first_key: FIRST_KEY.to_vec(),
        records: 0,
        element: Vec::new(),
    };
    match reader.document() {
        Ok(()) => Ok(()),
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::Cut) => {
            reader.describe_list()?;
            let at = reader.scan.at();
            reader.sink.issue(at, "the document is cut here: what it would hold from here on is not read".to_owned());
            Ok(())
        }
    }
}

struct Reader<'a> {
    scan: Scanner<'a>,
    sink: &'a mut dyn Sink,
    context: Option<Context>,
    /// What the envelope says beside its list.
    envelope: Properties,
    /// True where the envelope says what the sink was not told.
    untold: bool,
    cases: u64,
    /// The fields of the last case.
    last_case: Properties,
    /// The first key of the first Media as it stands, quotes and all: what a Media is known by behind a damaged one.
    first_key: Vec<u8>,
    records: u64,
    element: Vec<u8>,
}

/// How the scan of an object ended.
enum Object {
    /// A Media, or a case without any.
    Whole,
    /// A case, whose Media are read.
    Case,
    /// At this byte something else was expected.
    Damaged(u64, &'static str),
}

type Scan<T> = Result<T, Stop>;

impl Reader<'_> {
    fn document(&mut self) -> Scan<()> {
        if self.scan.take(b'[')? {
            self.elements(false)?;
            return self.end();
        }
        let mut key = Vec::new();
        self.scan.take(b'{')?;
        loop {
            match self.scan.peek()? {
                b'}' => break,
                b',' => self.scan.skip(),
                b'"' => {
                    key.clear();
                    self.scan.value(&mut key, ELEMENT_BYTES, "name of a VICS envelope")?;
                    if !self.scan.take(b':')? {
                        self.unexpected("expected : behind a name of the envelope");
                    } else if key == b"\"value\"" && self.scan.take(b'[')? {
                        self.describe_list()?;
                        self.elements(false)?;
                    } else {
                        self.envelope_member(&key)?;
                    }
                }
                // The list goes on behind a bracket that closed it too early.
                b'{' => {
                    self.unexpected("expected a name of the envelope");
                    self.element(false)?;
                }
                _ => self.no_member("expected a name of the envelope")?,
            }
        }
        self.scan.skip();
        self.describe_list()?;
        self.end()
    }

    fn end(&mut self) -> Scan<()> {
        match self.scan.peek() {
            Err(Stop::Cut) => Ok(()),
            Err(stop) => Err(stop),
            Ok(_) => {
                self.unexpected("expected the end of the document");
                Ok(())
            }
        }
    }

    fn envelope_member(&mut self, key: &[u8]) -> Scan<()> {
        let at = self.scan.at();
        let mut text = [b"{", key, b":"].concat();
        let room = ELEMENT_BYTES.saturating_sub(self.envelope.as_json().len());
        self.scan.value(&mut text, room, "VICS envelope")?;
        text.push(b'}');
        let text = lossy(&text);
        match Members::parse(&text) {
            Ok(_) if self.cases > 0 && !text.contains("odata.") => {
                self.sink.issue(at, "what the envelope says behind its cases is not kept".to_owned());
            }
            Ok(member) => {
                if self.context.is_none() && text.contains("odata.") {
                    self.context = Context::find(&text);
                }
                member.add_to(&mut self.envelope);
                self.untold = true;
            }
            Err(message) => self.sink.issue(at, message),
        }
        Ok(())
    }

    /// Tells the sink what the envelope says, where that is new.
    fn describe_list(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.untold) {
            return Ok(());
        }
        let scheme = self.context.as_ref().and_then(|context| context.scheme.clone());
        if self.cases > 1 {
            let message = "the context stands behind the cases: only the last is given its scheme".to_owned();
            self.sink.issue(self.scan.at(), message);
        }
        let properties = if self.cases > 0 { &self.last_case } else { &self.envelope };
        self.sink.describe(Group { scheme, properties: properties.clone() })
    }

    fn unexpected(&mut self, message: &str) {
        self.sink.issue(self.scan.at(), message.to_owned());
    }

    /// Passes over a value or a bracket that has no place.
    fn no_member(&mut self, message: &str) -> Scan<()> {
        self.unexpected(message);
        let mut text = std::mem::take(&mut self.element);
        text.clear();
        let at = self.scan.at();
        self.scan.value(&mut text, ELEMENT_BYTES, "value in a VICS list")?;
        if self.scan.at() == at {
            self.scan.skip();
        }
        self.element = text;
        Ok(())
    }

    /// The elements of a list, whose `[` is taken: Media or, in the outer list, cases.
    fn elements(&mut self, in_case: bool) -> Scan<()> {
        loop {
            match self.scan.peek()? {
                b']' => break self.scan.skip(),
                b',' => self.scan.skip(),
                b'{' => self.element(in_case)?,
                _ => self.no_member("expected an object in the list")?,
            }
        }
        Ok(())
    }

    fn element(&mut self, in_case: bool) -> Scan<()> {
        let mut start = self.scan.at();
        let mut text = std::mem::take(&mut self.element);
        text.clear();
        text.push(b'{');
        self.scan.skip();
        loop {
            match self.object(&mut text, in_case)? {
                Object::Whole => break self.media_or_case(start, &text, in_case)?,
                Object::Case => break self.describe_case(start, &text)?,
                Object::Damaged(at, expected) => {
                    let damage = format!("{expected}, in the element that begins at byte {start}");
                    let resumed = self.scan.seek_object(&self.first_key);
                    let next = match &resumed {
                        Ok(next) => format!("the next that is read begins at byte {next}"),
                        Err(_) => "no other is found behind it".to_owned(),
                    };
                    self.sink.issue(at, format!("{damage}; {next}"));
                    start = resumed?;
                    text.clear();
                    text.push(b'{');
                    text.extend_from_slice(&self.first_key);
                }
            }
        }
        self.element = text;
        Ok(())
    }

    /// Scans an object into `text`, which holds its bracket and perhaps its first key; all but the Media of a case, which
    /// are read.
    fn object(&mut self, text: &mut Vec<u8>, in_case: bool) -> Scan<Object> {
        let mut is_case = false;
        // What has a digest is no case, whatever else it has.
        let mut is_media = in_case;
        let mut key_start = 1;
        loop {
            if text.len() <= key_start {
                match self.scan.peek()? {
                    b'}' => break,
                    b'"' => {}
                    _ => return Ok(Object::Damaged(self.scan.at(), "expected a name or }")),
                }
                if text.len() > 1 {
                    text.push(b',');
                }
                key_start = text.len();
                self.scan.value(text, ELEMENT_BYTES, "VICS element")?;
            }
            let key = text.get(key_start..);
            is_media |= key == Some(b"\"MD5\"");
            let has_list = key == Some(b"\"Media\"") && !is_media;
            if !self.scan.take(b':')? {
                return Ok(Object::Damaged(self.scan.at(), "expected : behind a name"));
            }
            if has_list && self.scan.take(b'[')? {
                text.truncate(key_start.saturating_sub(1).max(1));
                if !std::mem::replace(&mut is_case, true) {
                    self.cases = self.cases.saturating_add(1);
                    self.sink.begin_group()?;
                    // What stands before the Media; the rest is told behind them.
                    let before = [text.as_slice(), b"}"].concat();
                    self.describe_case(self.scan.at(), &before)?;
                }
                self.elements(true)?;
            } else {
                text.push(b':');
                let value_start = text.len();
                self.scan.value(text, ELEMENT_BYTES, "VICS element")?;
                if text.len() == value_start {
                    return Ok(Object::Damaged(self.scan.at(), "expected a value"));
                }
            }
            if !self.scan.take(b',')? && self.scan.peek()? != b'}' {
                return Ok(Object::Damaged(self.scan.at(), "expected , or }"));
            }
            key_start = text.len();
        }
        self.scan.skip();
        text.push(b'}');
        Ok(if is_case { Object::Case } else { Object::Whole })
    }

    fn media_or_case(&mut self, start: u64, text: &[u8], in_case: bool) -> Result<()> {
        let text = self.utf8(start, text);
        let members = match Members::parse(&text) {
            Ok(members) => members,
            Err(message) => {
                self.sink.issue(start, format!("{message}, in the element that begins here"));
                return Ok(());
            }
        };
        if !in_case && !members.has("MD5") && (members.has("CaseID") || members.has("CaseNumber")) {
            self.cases = self.cases.saturating_add(1);
            self.sink.begin_group()?;
            return self.describe_case(start, text.as_bytes());
        }
        let mut issues = Vec::new();
        let record = media::record(members, &mut issues);
        for message in issues {
            self.sink.issue(start, message);
        }
        if record.digests().next().is_none() {
            self.sink.issue(start, "no digest in the Media".to_owned());
            return Ok(());
        }
        if self.records == 0
            && let Some(end) = memchr::memmem::find(text.as_bytes(), b"\":")
        {
            self.first_key = text.as_bytes().get(1..=end).unwrap_or_default().to_vec();
        }
        self.records = self.records.saturating_add(1);
        self.sink.record(&record)
    }

    fn describe_case(&mut self, start: u64, text: &[u8]) -> Result<()> {
        let text = self.utf8(start, text);
        let properties = match Members::parse(&text) {
            Ok(members) => members.into_properties(),
            Err(message) => {
                self.sink.issue(start, format!("{message}, in the fields of the case that begins here"));
                Properties::default()
            }
        };
        let scheme = self.context.as_ref().and_then(|context| context.scheme.clone());
        self.last_case = properties.clone();
        self.sink.describe(Group { scheme, properties })
    }

    fn utf8<'t>(&mut self, start: u64, text: &'t [u8]) -> std::borrow::Cow<'t, str> {
        let text = lossy(text);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            self.sink.issue(start, "bytes that are not UTF-8 are read as U+FFFD".to_owned());
        }
        text
    }
}

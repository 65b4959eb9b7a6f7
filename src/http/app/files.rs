//! The files of the app: in the binary of a release, beside the source otherwise. They may all be missing.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use rust_embed::Embed;

/// What `npm run build` in `ui/` leaves. A debug build reads the folder at each request, so that the app can be worked
/// on without compiling; the others have it inside.
#[derive(Embed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Dist;

/// One file, in the form in which it is sent.
pub struct File {
    pub bytes: Cow<'static, [u8]>,
    /// How it is compressed, if it is.
    pub encoding: Option<&'static str>,
    /// In hexadecimal.
    pub hash: String,
}

/// A file's bytes, and their SHA-256.
type Found = (Cow<'static, [u8]>, [u8; 32]);

/// Where files are looked for, by their path in the folder.
#[derive(Clone, Copy)]
pub struct Files(pub fn(&str) -> Option<Found>);

/// The compressed forms that the build makes beside a file, the smallest first.
const FORMS: &[(&str, &str)] = &[("br", ".br"), ("gzip", ".gz")];

impl Files {
    pub fn embedded() -> Self {
        Self(|path| Dist::get(path).map(|file| (file.data, file.metadata.sha256_hash())))
    }

    /// The smallest form of the file that the client takes.
    pub fn find(self, path: &str, headers: &HeaderMap) -> Option<File> {
        // The forms are no files of their own.
        if FORMS.iter().any(|(_, ending)| path.ends_with(ending)) {
            return None;
        }
        let compressed = FORMS.iter().filter(|(encoding, _)| takes(headers, encoding)).find_map(|form| {
            let found = (self.0)(&format!("{path}{}", form.1))?;
            Some((found, Some(form.0)))
        });
        let ((bytes, hash), encoding) = match compressed {
            Some(found) => found,
            None => ((self.0)(path)?, None),
        };
        let hash = hash.iter().take(16).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Some(File { bytes, encoding, hash })
    }
}

/// Whether `Accept-Encoding` names the encoding, other than to refuse it.
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut offers = values.flat_map(|value| value.split(','));
    offers.any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        });
        named && !refused
    })
}

/// By the name's ending.
pub fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        "map" | "json" => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_counts_where_it_is_named_and_not_refused() {
        for (given, br, gzip) in [
            ("", false, false),
            ("br", true, false),
            ("gzip, deflate, br, zstd", true, true),
            ("GZIP;q=0.5,br;q=0", false, true),
            ("br; q=0.0, gzip; q=1", false, true),
            ("identity, *;q=0", false, false),
            ("brotli", false, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, given.parse().unwrap());
            assert_eq!((takes(&headers, "br"), takes(&headers, "gzip")), (br, gzip), "{given}");
        }
    }
}

//! `Accept`: in which of two forms an answer is wanted (RFC 9110, 12.5.1, as far as that takes).

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

/// What a list can be had as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Csv,
}

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(preferred(&parts.headers))
    }
}

/// CSV where it is liked better. JSON for everybody else, also those who accept neither: an answer in a form that
/// wasn't asked for says more than none.
fn preferred(headers: &HeaderMap) -> Form {
    let ranges: Vec<Range<'_>> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(Range::parse)
        .collect();
    if liking(&ranges, "text", "csv") > liking(&ranges, "application", "json") {
        Form::Csv
    } else {
        Form::Json
    }
}

struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    /// In thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (main, sub) = parts.next()?.split_once('/')?;
        let weight = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>())
        });
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        let quality = match weight {
            None => 1000,
            Some(Ok(weight)) if (0.0..=1.0).contains(&weight) => (weight * 1000.0).round() as u16,
            Some(_) => return None,
        };
        Some(Self { main, sub, quality })
    }

    /// How closely it names the type; `None`: not at all.
    fn closeness(&self, main: &str, sub: &str) -> Option<u8> {
        match (self.main.eq_ignore_ascii_case(main), self.sub) {
            (true, it) if it.eq_ignore_ascii_case(sub) => Some(2),
            (true, "*") => Some(1),
            (false, "*") if self.main == "*" => Some(0),
            _ => None,
        }
    }
}

/// The quality of a type, by the range that names it most closely; of two that are liked as much, the one that was
/// named more closely.
fn liking(ranges: &[Range<'_>], main: &str, sub: &str) -> Option<(u16, u8)> {
    let matching = ranges.iter().filter_map(|range| Some((range.closeness(main, sub)?, range.quality)));
    let (closeness, quality) = matching.max()?;
    (quality > 0).then_some((quality, closeness))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_liked_better() {
        for (accept, form) in [
            (vec![], Form::Json),
            (vec!["*/*"], Form::Json),
            (vec!["text/csv"], Form::Csv),
            (vec!["Text/CSV; charset=utf-8"], Form::Csv),
            (vec!["text/*"], Form::Csv),
            (vec!["text/csv, */*"], Form::Csv),
            (vec!["application/json, text/plain, */*"], Form::Json),
            (vec!["application/json, text/*"], Form::Json),
            (vec!["text/csv, */*;q=0.1"], Form::Csv),
            (vec!["text/csv;q=0.5, application/json"], Form::Json),
            (vec!["text/csv;q=0.5, application/json;q=0.4"], Form::Csv),
            (vec!["application/json;q=0", "text/csv;q=0.001"], Form::Csv),
            (vec!["text/csv;q=0, text/*"], Form::Json),
            (vec!["text/html, application/xhtml+xml, */*;q=0.8"], Form::Json),
            (vec!["image/png"], Form::Json),
            (vec!["text/csv;q=2"], Form::Json),
            (vec!["nonsense", ";", "a/b/c;q"], Form::Json),
        ] {
            let mut headers = HeaderMap::new();
            for value in &accept {
                headers.append(header::ACCEPT, value.parse().unwrap());
            }
            assert_eq!(preferred(&headers), form, "{accept:?}");
        }
    }
}

//! Closed vocabularies: enums whose variants have a word each, on the wire and in the database.

macro_rules! vocabulary {
    ($($type:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        impl $type {
            /// All of the vocabulary.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word that the wire and the database use.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The variant for a word; `None` for a word that is not in the vocabulary.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

pub(crate) use vocabulary;

//! Verification of signatures for `jsonwebtoken`, by ring, which is in the binary for TLS anyway. The crate's own
//! choices would bring a second library of cryptography (docs/decisions/0018-tokens-subjects-and-cookies.md).
//!
//! Nothing is ever signed here.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{Error, Verifier},
};
use ring::signature::{self as known, RsaPublicKeyComponents, UnparsedPublicKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    // Only asked for thumbprints and private keys, of which we have none.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes it the process' choice; there is only this one to choose.
pub fn install() {
    // Instances that share a process install the same one again, which is refused, and as good.
    let _ = PROVIDER.install_default();
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that the library asks for")]
fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that the library asks for")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    // A key is only ever used for what it was made for.
    if algorithm.family() != key.family() {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    Ok(Box::new(RingVerifier { algorithm: *algorithm, key: key.kind().clone() }))
}

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKeyKind,
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let verified = match (&self.key, self.algorithm) {
            (DecodingKeyKind::RsaModulusExponent { n, e }, algorithm) => {
                // From 2048 bits on; ring refuses shorter ones.
                let parameters = match algorithm {
                    Algorithm::RS256 => &known::RSA_PKCS1_2048_8192_SHA256,
                    Algorithm::RS384 => &known::RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::RS512 => &known::RSA_PKCS1_2048_8192_SHA512,
                    Algorithm::PS256 => &known::RSA_PSS_2048_8192_SHA256,
                    Algorithm::PS384 => &known::RSA_PSS_2048_8192_SHA384,
                    Algorithm::PS512 => &known::RSA_PSS_2048_8192_SHA512,
                    _ => return Err(Error::new()),
                };
                let key = RsaPublicKeyComponents { n: unpadded(n), e: unpadded(e) };
                key.verify(parameters, message, signature)
            }
            (DecodingKeyKind::SecretOrDer(key), algorithm) => {
                let algorithm: &'static dyn known::VerificationAlgorithm = match algorithm {
                    Algorithm::ES256 => &known::ECDSA_P256_SHA256_FIXED,
                    Algorithm::ES384 => &known::ECDSA_P384_SHA384_FIXED,
                    Algorithm::EdDSA => &known::ED25519,
                    _ => return Err(Error::new()),
                };
                UnparsedPublicKey::new(algorithm, key).verify(message, signature)
            }
        };
        verified.map_err(|_| Error::new())
    }
}

/// Some issuers begin a modulus with a zero, which ring doesn't take.
fn unpadded(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

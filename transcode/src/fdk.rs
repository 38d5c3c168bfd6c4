//! The AAC library of Fraunhofer (fdk-aac) behind a safe face: the only place with `unsafe`.
//!
//! Every handle is owned by one value, used through `&mut` only, and closed when that value is dropped.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr;

use fdk_aac_sys as sys;
use media::Channels;

/// Frames in one access unit of AAC-LC.
pub(crate) const FRAME: usize = 1024;

/// A call into the library failed; `code` is its `AACENC_ERROR` or `AAC_DECODER_ERROR`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("fdk-aac: {call} answered {code:#x}")]
pub struct FdkError {
    call: &'static str,
    code: u32,
}

fn check(call: &'static str, code: u32) -> Result<(), FdkError> {
    if code == 0 { Ok(()) } else { Err(FdkError { call, code }) }
}

/// What an AAC encoder is to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AacSettings {
    pub(crate) object_type: ObjectType,
    pub(crate) rate: u32,
    pub(crate) channels: Channels,
    /// Bits per second, held constant over the bit reservoir.
    pub(crate) bit_rate: u32,
}

/// Which AAC. The programme is only ever `Lc`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ObjectType {
    Lc,
    /// HE-AAC v1; made by tests, to have something to decode.
    #[cfg(all(test, feature = "he-aac"))]
    Sbr,
    /// HE-AAC v2; made by tests.
    #[cfg(all(test, feature = "he-aac"))]
    ParametricStereo,
}

/// An AAC encoder that yields raw access units.
pub(crate) struct AacEncoder {
    handle: sys::HANDLE_AACENCODER,
    info: sys::AACENC_InfoStruct,
    /// The newest access unit; as long as the library says a unit can be.
    unit: Vec<u8>,
}

// SAFETY: the handle points to memory that only this value reaches; the library keeps no thread-local
// state and no globals that it writes.
unsafe impl Send for AacEncoder {}

impl AacEncoder {
    pub(crate) fn new(settings: AacSettings) -> Result<Self, FdkError> {
        let mut handle = ptr::null_mut();
        let (modules, object_type) = match settings.object_type {
            ObjectType::Lc => (1, sys::AUDIO_OBJECT_TYPE_AOT_AAC_LC),
            #[cfg(all(test, feature = "he-aac"))]
            ObjectType::Sbr => (0, sys::AUDIO_OBJECT_TYPE_AOT_SBR),
            #[cfg(all(test, feature = "he-aac"))]
            ObjectType::ParametricStereo => (0, sys::AUDIO_OBJECT_TYPE_AOT_PS),
        };
        let channels = settings.channels.count() as u32;
        // SAFETY: `handle` is a valid place for the new handle; null until the call succeeds.
        check("aacEncOpen", unsafe { sys::aacEncOpen(&raw mut handle, modules, channels) })?;
        // From here on a drop closes the handle.
        // SAFETY: the struct is plain integers and bytes, for which zero is a value.
        let info = unsafe { std::mem::zeroed() };
        let mut encoder = Self { handle, info, unit: Vec::new() };

        // The afterburner doubles the work for 0.13 PESQ (docs/decisions): off. Constant bit rate, raw units.
        for (name, value) in [
            (sys::AACENC_PARAM_AACENC_AOT, object_type as u32),
            (sys::AACENC_PARAM_AACENC_SAMPLERATE, settings.rate),
            (sys::AACENC_PARAM_AACENC_CHANNELMODE, channels),
            (sys::AACENC_PARAM_AACENC_CHANNELORDER, 1),
            (sys::AACENC_PARAM_AACENC_BITRATEMODE, 0),
            (sys::AACENC_PARAM_AACENC_BITRATE, settings.bit_rate),
            (sys::AACENC_PARAM_AACENC_AFTERBURNER, 0),
            (sys::AACENC_PARAM_AACENC_TRANSMUX, sys::TRANSPORT_TYPE_TT_MP4_RAW as u32),
        ] {
            // SAFETY: the handle is open.
            check("aacEncoder_SetParam", unsafe { sys::aacEncoder_SetParam(encoder.handle, name, value) })?;
        }
        // SAFETY: the handle is open; null buffers and arguments ask the library to take the settings.
        check("aacEncEncode", unsafe {
            sys::aacEncEncode(encoder.handle, ptr::null(), ptr::null(), ptr::null(), ptr::null_mut())
        })?;
        // SAFETY: the handle is open and `info` is a valid place for the answer.
        check("aacEncInfo", unsafe { sys::aacEncInfo(encoder.handle, &raw mut encoder.info) })?;
        encoder.unit = vec![0; encoder.info.maxOutBufBytes as usize];
        Ok(encoder)
    }

    /// Frames from a sample's entry to its place in what a decoder makes of the units.
    pub(crate) fn delay(&self) -> usize {
        self.info.nDelay as usize
    }

    /// Frames that one access unit covers.
    #[cfg(all(test, feature = "he-aac"))]
    pub(crate) fn frame_length(&self) -> usize {
        self.info.frameLength as usize
    }

    /// The `AudioSpecificConfig`.
    pub(crate) fn config(&self) -> &[u8] {
        let len = (self.info.confSize as usize).min(self.info.confBuf.len());
        &self.info.confBuf[..len]
    }

    /// Encodes one whole unit's worth of interleaved samples; the answer is empty while the encoder fills.
    pub(crate) fn encode(&mut self, samples: &[i16]) -> Result<&[u8], FdkError> {
        let mut input = samples.as_ptr().cast_mut().cast::<c_void>();
        let mut input_id = sys::AACENC_BufferIdentifier_IN_AUDIO_DATA as i32;
        let mut input_size = size_of_val(samples) as i32;
        let mut input_element = size_of::<i16>() as i32;
        let input_description = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut input,
            bufferIdentifiers: &raw mut input_id,
            bufSizes: &raw mut input_size,
            bufElSizes: &raw mut input_element,
        };
        let mut output = self.unit.as_mut_ptr().cast::<c_void>();
        let mut output_id = sys::AACENC_BufferIdentifier_OUT_BITSTREAM_DATA as i32;
        let mut output_size = self.unit.len() as i32;
        let mut output_element = 1;
        let output_description = sys::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut output,
            bufferIdentifiers: &raw mut output_id,
            bufSizes: &raw mut output_size,
            bufElSizes: &raw mut output_element,
        };
        let arguments = sys::AACENC_InArgs { numInSamples: samples.len() as i32, numAncBytes: 0 };
        let mut result =
            sys::AACENC_OutArgs { numOutBytes: 0, numInSamples: 0, numAncBytes: 0, bitResState: 0 };
        // SAFETY: both descriptions name one live buffer each with its true length; the library reads the
        // input and writes the output within them and keeps neither after it returns.
        check("aacEncEncode", unsafe {
            sys::aacEncEncode(
                self.handle,
                &raw const input_description,
                &raw const output_description,
                &raw const arguments,
                &raw mut result,
            )
        })?;
        Ok(&self.unit[..(result.numOutBytes.max(0) as usize).min(self.unit.len())])
    }
}

impl Drop for AacEncoder {
    fn drop(&mut self) {
        // SAFETY: the handle came from aacEncOpen and is closed once; the call takes null as well. Its
        // answer is that the handle was valid, which nobody could act upon here.
        unsafe { sys::aacEncClose(&raw mut self.handle) };
    }
}

#[cfg(feature = "he-aac")]
pub(crate) use decoder::AacDecoder;

#[cfg(feature = "he-aac")]
mod decoder {
    use super::{Channels, FdkError, check, ptr, sys};

    /// Samples of the longest answer: 2048 frames (1024 doubled by band replication) of two channels.
    const OUTPUT: usize = 2 * 2048;

    /// A decoder of raw access units for AAC-LC with or without band replication.
    pub(crate) struct AacDecoder {
        handle: sys::HANDLE_AACDECODER,
        output: Box<[i16; OUTPUT]>,
        /// What the library reads: it wants a mutable pointer to the unit.
        unit: Vec<u8>,
    }

    // SAFETY: as for the encoder: one owner, no thread-local state.
    unsafe impl Send for AacDecoder {}

    /// One decoded unit, interleaved.
    pub(crate) struct Decoded<'a> {
        pub(crate) rate: u32,
        pub(crate) channels: Channels,
        pub(crate) samples: &'a [i16],
    }

    impl AacDecoder {
        /// `config` is an `AudioSpecificConfig` that its caller has found to be AAC-LC, SBR or PS in mono or
        /// stereo: the library knows more, and none of that is for strangers.
        pub(crate) fn new(config: &[u8]) -> Result<Self, FdkError> {
            // SAFETY: the call takes plain values; null is its failure.
            let handle = unsafe { sys::aacDecoder_Open(sys::TRANSPORT_TYPE_TT_MP4_RAW, 1) };
            if handle.is_null() {
                return Err(FdkError {
                    call: "aacDecoder_Open",
                    code: sys::AAC_DECODER_ERROR_AAC_DEC_OUT_OF_MEMORY,
                });
            }
            let decoder = Self { handle, output: Box::new([0; OUTPUT]), unit: Vec::new() };
            // The limiter would delay the sound; the programme has its own. Level and dynamics stay as they
            // were mixed: a publisher's metadata, or damage that looks like it, changes neither.
            for (name, value) in [
                (sys::AACDEC_PARAM_AAC_DRC_REFERENCE_LEVEL, -1),
                (sys::AACDEC_PARAM_AAC_DRC_BOOST_FACTOR, 0),
                (sys::AACDEC_PARAM_AAC_DRC_ATTENUATION_FACTOR, 0),
                (sys::AACDEC_PARAM_AAC_PCM_LIMITER_ENABLE, 0),
                (sys::AACDEC_PARAM_AAC_PCM_MAX_OUTPUT_CHANNELS, 2),
            ] {
                // SAFETY: the handle is open.
                check("aacDecoder_SetParam", unsafe { sys::aacDecoder_SetParam(handle, name, value) })?;
            }
            let mut config = config.to_vec();
            let mut pointer = config.as_mut_ptr();
            let length = config.len() as u32;
            // SAFETY: one layer, so one pointer and one length, both of a live buffer that the library only
            // reads during the call.
            check("aacDecoder_ConfigRaw", unsafe {
                sys::aacDecoder_ConfigRaw(handle, &raw mut pointer, &raw const length)
            })?;
            Ok(decoder)
        }

        /// Decodes one access unit. After an error the next unit may be tried. Mono with band replication
        /// answers in stereo, since parametric stereo may begin in any unit.
        pub(crate) fn decode(&mut self, unit: &[u8]) -> Result<Decoded<'_>, FdkError> {
            self.unit.clear();
            self.unit.extend_from_slice(unit);
            let mut pointer = self.unit.as_mut_ptr();
            let length = self.unit.len() as u32;
            let mut unread = length;
            // SAFETY: one layer, one live buffer with its true length. The library copies from it into a
            // ring of its own (FDKfeedBuffer), whose reads are masked to its size, and keeps no pointer.
            check("aacDecoder_Fill", unsafe {
                sys::aacDecoder_Fill(self.handle, &raw mut pointer, &raw const length, &raw mut unread)
            })?;
            // SAFETY: the output buffer is live and its length in samples is true; the library answers
            // OUTPUT_BUFFER_TOO_SMALL rather than write past it.
            check("aacDecoder_DecodeFrame", unsafe {
                sys::aacDecoder_DecodeFrame(self.handle, self.output.as_mut_ptr(), OUTPUT as i32, 0)
            })?;
            let odd = |code| FdkError { call: "aacDecoder_GetStreamInfo", code };
            // SAFETY: the answer is null or points into the decoder, which nothing changes until it is read.
            let info = unsafe { sys::aacDecoder_GetStreamInfo(self.handle).as_ref() }
                .ok_or(odd(sys::AAC_DECODER_ERROR_AAC_DEC_UNKNOWN))?;
            let channels = usize::try_from(info.numChannels)
                .ok()
                .and_then(Channels::from_count)
                .ok_or(odd(sys::AAC_DECODER_ERROR_AAC_DEC_UNSUPPORTED_CHANNELCONFIG))?;
            let samples = self
                .output
                .get(..info.frameSize.max(0) as usize * channels.count())
                .ok_or(odd(sys::AAC_DECODER_ERROR_AAC_DEC_OUTPUT_BUFFER_TOO_SMALL))?;
            Ok(Decoded { rate: info.sampleRate.max(0) as u32, channels, samples })
        }
    }

    impl Drop for AacDecoder {
        fn drop(&mut self) {
            // SAFETY: the handle came from aacDecoder_Open and is closed once.
            unsafe { sys::aacDecoder_Close(ptr::replace(&raw mut self.handle, ptr::null_mut())) };
        }
    }
}

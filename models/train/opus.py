"""Opus (RFC 6716) through libopus itself, for machines that have nothing but a C library: 16 kHz mono, frames of 20 ms."""

import ctypes
import ctypes.util
import subprocess

import numpy as np

from ..shared import SAMPLE_RATE_HZ

FRAME_SAMPLES, LONGEST_PACKET = SAMPLE_RATE_HZ // 50, 1275
APPLICATION_AUDIO, SET_BITRATE, GET_LOOKAHEAD = 2049, 4002, 4027  # of opus_defines.h


def path_of_library():
    """Where the system keeps libopus."""
    name = ctypes.util.find_library("opus")
    places = subprocess.run(["ldconfig", "-p"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return next(line.split(" => ")[1] for line in places.splitlines() if name in line)


def library(path=None):
    """libopus, from a file or where the system has it."""
    opus = ctypes.CDLL(path or ctypes.util.find_library("opus"))
    for create in (opus.opus_encoder_create, opus.opus_decoder_create):
        create.restype = ctypes.c_void_p
    return opus


def checked(code):
    if code < 0:
        raise ValueError(f"libopus answers {code}.")
    return code


def encoded(opus, audio, bits_per_second):
    """int16 audio → (packets one after the other, uint8; the size of each in bytes, uint16). The encoder's delay is left in."""
    error, delay = ctypes.c_int(), ctypes.c_int32()
    encoder = ctypes.c_void_p(opus.opus_encoder_create(SAMPLE_RATE_HZ, 1, APPLICATION_AUDIO, ctypes.byref(error)))
    checked(error.value)
    checked(opus.opus_encoder_ctl(encoder, SET_BITRATE, ctypes.c_int32(bits_per_second)))
    checked(opus.opus_encoder_ctl(encoder, GET_LOOKAHEAD, ctypes.byref(delay)))
    frames = -(-(len(audio) + delay.value) // FRAME_SAMPLES)
    whole = np.zeros(frames * FRAME_SAMPLES, np.int16)
    whole[:len(audio)] = audio
    packet, found = ctypes.create_string_buffer(LONGEST_PACKET), []
    for frame in range(frames):
        samples = ctypes.c_void_p(whole.ctypes.data + 2 * FRAME_SAMPLES * frame)
        size = checked(opus.opus_encode(encoder, samples, FRAME_SAMPLES, packet, LONGEST_PACKET))
        found.append(packet.raw[:size])
    opus.opus_encoder_destroy(encoder)
    return np.frombuffer(b"".join(found), np.uint8), np.array([len(p) for p in found], np.uint16), delay.value


def decoded(opus, packets, sizes, delay, count):
    """`count` samples of int16 audio from what `encoded` gave."""
    error = ctypes.c_int()
    decoder = ctypes.c_void_p(opus.opus_decoder_create(SAMPLE_RATE_HZ, 1, ctypes.byref(error)))
    checked(error.value)
    audio, packets, at = np.zeros(len(sizes) * FRAME_SAMPLES, np.int16), np.ascontiguousarray(packets), 0
    for frame, size in enumerate(sizes.tolist()):
        checked(opus.opus_decode(decoder, ctypes.c_void_p(packets.ctypes.data + at), size,
                                 ctypes.c_void_p(audio.ctypes.data + 2 * FRAME_SAMPLES * frame), FRAME_SAMPLES, 0))
        at += size
    opus.opus_decoder_destroy(decoder)
    return audio[delay:delay + count]

using NrSer.Core.Audio.Input;

namespace NrSer.Core.Tests.Audio;

/// <summary>Recordings as people really have them, each with its right value; <c>Cases/README.md</c> says what they are and who made them.</summary>
public sealed class CasesTests(ITestOutputHelper output)
{
    private const double SpeechDbfs = -21.8;

    /// <summary>
    /// File, seconds as its header states or, where it states none, as ffmpeg decodes it without limits, and level in dBFS.
    /// </summary>
    public static TheoryData<string, double, double> Sound => new()
    {
        { "F02_placeholder_7fffffff.wav", 3, SpeechDbfs },
        { "F03_placeholder_80000000.wav", 3, SpeechDbfs },
        { "F04_placeholder_ffffffdb.wav", 3, SpeechDbfs },
        { "F05_data_size_is_file_size.wav", 3, SpeechDbfs },
        { "F07_stale_header_1s_of_3s.wav", 3, SpeechDbfs },
        { "F08_two_data_chunks.wav", 3, SpeechDbfs },
        { "F09_two_wavs_concatenated.wav", 6, SpeechDbfs },
        { "F10_data_size_0_riff_right.wav", 3, SpeechDbfs },
        { "F11_byte_rate_wrong.wav", 3, SpeechDbfs },
        { "F12a_20bit_in_3_bytes.wav", 3, SpeechDbfs },
        { "F12b_12bit_in_2_bytes.wav", 3, SpeechDbfs },
        { "F15_g722_in_wav.wav", 3, SpeechDbfs },
        { "F16_odd_list_without_pad.wav", 3, SpeechDbfs },
        { "F17_id3_before_riff.wav", 3, SpeechDbfs },
        { "F20_speech_-30_rumble_below60Hz_-20.wav", 3, -19.6 }, // the gate's tests ask whether it is speech
        { "F22_ringback_440_480_only.wav", 6, -21.2 }, // and whether this is none
        { "F23_id3_text_without_bom.mp3", 3.0302, SpeechDbfs },
        { "F24_cover_not_a_jpeg.mp3", 3.0302, SpeechDbfs },
        { "F25_cover_not_a_jpeg.flac", 3, SpeechDbfs },
        { "F26_cover_damaged.m4a", 3, SpeechDbfs },
        { "F29_xing_counts_removed_id3v1.mp3", 3, SpeechDbfs },
        { "F30_zeros_before_first_frame.mp3", 3.0302, SpeechDbfs },
        { "F31_starts_mid_frame.mp3", 2.9257, SpeechDbfs },
        { "F32_icy_header_first.mp3", 3.0302, SpeechDbfs },
        { "F35_id3v1_at_end.flac", 3, SpeechDbfs },
        { "F36_flac_behind_70kB_id3.flac", 3, SpeechDbfs },
        { "F38_audio_starts_at_3s.mp4", 6, SpeechDbfs - 3 }, // half of it silence
        { "F39_default_track_is_second.m4a", 3, SpeechDbfs },
        { "F40_first_box_free.m4a", 3, SpeechDbfs },
        { "F40b_first_box_skip.mov", 3, SpeechDbfs },
        { "F41_starts_mid_frame.aac", 2.9954, SpeechDbfs },
        { "F42_nist.sph", 3, SpeechDbfs },
        { "F43_mulaw.au", 3, SpeechDbfs },
        { "F44_caf.caf", 3, SpeechDbfs },
        { "F45_wave64.w64", 3, SpeechDbfs },
        { "F46_raw_gsm.gsm", 3, SpeechDbfs },
        { "F47_mpegts.ts", 3.0417, SpeechDbfs },
        { "F48_chained_vorbis_then_opus.ogg", 6, SpeechDbfs },
        { "F49_pages_missing.opus", 3, SpeechDbfs - 1.8 }, // a third of it silence
        { "F51_0.4999s.wav", 0.4999, SpeechDbfs }, // too short to be analysed: ChunkReaderTests
        { "F55_float_data_tagged_pcm32.wav", 3, SpeechDbfs },
        { "@F50_name_starts_with_at.wav", 3, SpeechDbfs },
        { "ok_reference.flac", 3, SpeechDbfs },
    };

    [Theory]
    [MemberData(nameof(Sound))]
    public async Task ReadAsync_SoundRecording_HasItsLengthAndLevel(string file, double seconds, double levelDbfs)
    {
        (AudioFormat format, float[] samples) = await ReadAsync(file);
        double readSeconds = samples.Length / (double)format.Channels / format.SampleRateHz;
        double readDbfs = 10 * Math.Log10(samples.Average(sample => (double)sample * sample));
        output.WriteLine($"| {file} | {readSeconds:F4} s, {readDbfs:F1} dBFS, {format.Encoding} |");
        Assert.Equal(seconds, readSeconds, 0.001);
        Assert.Equal(levelDbfs, readDbfs, 0.9); // GSM is the quietest of the codecs
    }

    /// <summary>File, and words that its owner must read.</summary>
    public static TheoryData<string, string> Refused => new()
    {
        { "F34_16_bytes_damaged.flac", "damaged" },
        { "F52_amr_with_dtx_frames.amr", "DTX" },
        { "F54_3gp_5_amr_frames_per_sample.3gp", "5 frames" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task ReadAsync_UnreadableRecording_SaysWhyAndWhatToType(string file, string words)
    {
        InvalidAudioException refused = await Assert.ThrowsAsync<InvalidAudioException>(() => ReadAsync(file));
        output.WriteLine($"| {file} | refused: {refused.Message} |");
        Assert.Contains(words, refused.Reason, StringComparison.Ordinal);
        Assert.Matches("ffmpeg -i|sox", refused.Reason);
    }

    private static async Task<(AudioFormat Format, float[] Samples)> ReadAsync(string file) =>
        await Reading.DecodeAsync(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Audio", "Cases", file), Reading.Token));
}

using NrSer.Core.Audio.Input;

namespace NrSer.Core.Tests.Audio;

/// <summary>Recordings as people really have them, each with its right value; <c>Cases/README.md</c> says what they are and who made them.</summary>
public sealed class CasesTests(ITestOutputHelper output)
{
    private const double SpeechDbfs = -21.8;

    /// <summary>File, seconds, level in dBFS.</summary>
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
        output.WriteLine($"| {file} | {readSeconds:F2} s, {readDbfs:F1} dBFS, {format.Encoding} |");
        Assert.Equal(seconds, readSeconds, 0.006); // the cases state two digits
        Assert.Equal(levelDbfs, readDbfs, 0.5); // lossy codecs
    }

    private static async Task<(AudioFormat Format, float[] Samples)> ReadAsync(string file) =>
        await Reading.DecodeAsync(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Audio", "Cases", file), Reading.Token));
}

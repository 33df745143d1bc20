using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Tests.Audio;

/// <summary>Reads whole recordings in tests.</summary>
internal static class Reading
{
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<float[]> ReadAllAsync(IAudioReader reader, int roomSamples = 8192)
    {
        List<float> samples = [];
        await ReadIntoAsync(reader, samples, roomSamples);
        return [.. samples];
    }

    public static async Task ReadIntoAsync(IAudioReader reader, List<float> samples, int roomSamples = 8192)
    {
        float[] room = new float[roomSamples];
        int count;
        while ((count = await reader.ReadAsync(room, Token)) > 0)
        {
            Assert.Equal(0, count % reader.Format.Channels);
            samples.AddRange(room.AsSpan(0, count));
        }
    }

    public static async Task<float[]> ReadWavAsync(byte[] file, AudioOptions? options = null, bool canSeek = true)
    {
        await using Stream content = canSeek ? new MemoryStream(file) : new ForwardStream(file);
        await using WavReader reader = await WavReader.OpenAsync(content, options ?? new(), Token);
        return await ReadAllAsync(reader);
    }

    public static async Task<(AudioFormat Format, float[] Samples)> DecodeAsync(byte[] file, AudioOptions? options = null)
    {
        (IAudioReader reader, float[] samples) = await DecodeWithReaderAsync(file, options);
        return (reader.Format, samples);
    }

    /// <summary>The same, with the reader that has ended, for what it noticed.</summary>
    public static async Task<(IAudioReader Ended, float[] Samples)> DecodeWithReaderAsync(
        byte[] file, AudioOptions? options = null, RecordingHints? hints = null)
    {
        await using ForwardStream content = new(file);
        await using IAudioReader reader = await new AudioDecoder(options ?? new()).OpenAsync(content, hints ?? RecordingHints.None, Token);
        return (reader, await ReadAllAsync(reader));
    }
}

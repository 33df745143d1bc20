using System.Security.Cryptography;

namespace NrSer.Core.Audio;

/// <summary>A recording's content, hashed while a decoder reads it.</summary>
public sealed class HashedContent : IAsyncDisposable
{
    private readonly SHA256 _hash = SHA256.Create();
    private readonly CryptoStream _stream;

    /// <param name="content">At its first byte; stays the caller's.</param>
    public HashedContent(Stream content) => _stream = new CryptoStream(content, _hash, CryptoStreamMode.Read, leaveOpen: true);

    /// <summary>What to decode.</summary>
    public Stream Stream => _stream;

    /// <summary>Reads what follows the audio, since it belongs to the hash too; to be called once.</summary>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>SHA-256 of the whole content, lower-case hex.</returns>
    public async Task<string> FinishAsync(CancellationToken cancellationToken)
    {
        await _stream.CopyToAsync(System.IO.Stream.Null, cancellationToken).ConfigureAwait(false);
        return Convert.ToHexStringLower(_hash.Hash!);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        _hash.Dispose();
    }
}

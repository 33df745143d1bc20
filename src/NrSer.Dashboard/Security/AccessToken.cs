using System.Security.Cryptography;
using System.Text;

namespace NrSer.Dashboard.Security;

/// <summary>Lets in whoever was shown it: other users of this machine reach the same loopback address.</summary>
public sealed class AccessToken
{
    private readonly byte[] _token;
    private readonly byte[] _session;

    private AccessToken(string value)
    {
        Value = value;
        _token = Encoding.ASCII.GetBytes(value);
        Session = Convert.ToHexStringLower(HMACSHA256.HashData(_token, "session"u8)); // what the browser keeps is not what was printed
        _session = Encoding.ASCII.GetBytes(Session);
    }

    /// <summary>As it stands in the address.</summary>
    public string Value { get; }

    /// <summary>What the browser is given for it.</summary>
    public string Session { get; }

    /// <summary>A new one: 128 random bits.</summary>
    public static AccessToken Create() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));

    /// <summary>Whether it is this one; how long that takes does not depend on how much of it is right.</summary>
    /// <param name="value">What somebody sent.</param>
    public bool Matches(string? value) => value is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(value), _token);

    /// <summary>Whether it is this one's session.</summary>
    /// <param name="value">What a browser sent.</param>
    public bool MatchesSession(string? value) =>
        value is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(value), _session);
}

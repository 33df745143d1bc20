using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using NrSer.Cli.Tests.Processes;
using NrSer.Emulator;

namespace NrSer.Cli.Tests.Storage;

/// <summary>
/// A storage account as in Azure: over TLS, with Entra tokens. The emulator checks that a token is one for storage, not who signed it; the tokens
/// come from an endpoint of the kind that App Service gives its apps.
/// </summary>
public sealed partial class AzureAccount : IAsyncLifetime
{
    private const string Secret = "identity-header";

    private readonly Scratch _files = new();
    private readonly HttpListener _identity = new();
    private readonly Dictionary<string, string> _endpoints = new(StringComparer.Ordinal);
    private HttpClientTransport? _transport;
    private Process? _emulator;
    private Task _answering = Task.CompletedTask;

    /// <summary>What the command reads of a deployment's outputs.</summary>
    internal Dictionary<string, string> Outputs => new(StringComparer.Ordinal)
    {
        ["NRSER_BLOB_ENDPOINT"] = _endpoints["Blob"], ["NRSER_RESULTS_BLOB_ENDPOINT"] = _endpoints["Blob"],
        ["NRSER_TABLE_ENDPOINT"] = _endpoints["Table"], ["NRSER_LOGS_KEPT"] = "90.00:00:00",
    };

    /// <summary>The environment of somebody who is signed in and trusts the certificate.</summary>
    internal Dictionary<string, string> SignedIn => new(StringComparer.Ordinal)
    {
        ["SSL_CERT_FILE"] = _files["cert.pem"], ["AZURE_TOKEN_CREDENTIALS"] = "ManagedIdentityCredential",
        ["IDENTITY_ENDPOINT"] = _identity.Prefixes.Single(), ["IDENTITY_HEADER"] = Secret,
    };

    /// <summary>The environment of somebody who is not.</summary>
    internal Dictionary<string, string> SignedOut =>
        new(StringComparer.Ordinal) { ["SSL_CERT_FILE"] = _files["cert.pem"], ["AZURE_TOKEN_CREDENTIALS"] = "EnvironmentCredential" };

    /// <summary>Looks past the command.</summary>
    public BlobServiceClient Blobs => new(ConnectionString, new BlobClientOptions { Transport = _transport! });

    /// <summary>Looks past the command.</summary>
    public TableServiceClient Tables => new(ConnectionString, new TableClientOptions { Transport = _transport! });

    private string ConnectionString =>
        "DefaultEndpointsProtocol=https;AccountName=devstoreaccount1;"
        + "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" // every emulator's, documented
        + $"BlobEndpoint={_endpoints["Blob"]};TableEndpoint={_endpoints["Table"]};";

    public async ValueTask InitializeAsync()
    {
        WriteCertificate();
        AnswerTokens();
        await StartEmulatorAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _identity.Close();
        await _answering;
        if (_emulator is not null)
        {
            _emulator.Kill();
            await _emulator.WaitForExitAsync(CancellationToken.None);
            _emulator.Dispose();
        }

        _files.Dispose();
    }

    private void WriteCertificate()
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(certificate.RawData));
        _transport = new HttpClientTransport(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = trust } });
        File.WriteAllText(_files["cert.pem"], certificate.ExportCertificatePem());
        File.WriteAllText(_files["key.pem"], key.ExportPkcs8PrivateKeyPem());
    }

    private void AnswerTokens()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            _identity.Prefixes.Add($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
        }

        _identity.Start();
        _answering = Task.Run(async () =>
        {
            while (true)
            {
                HttpListenerContext call;
                try
                {
                    call = await _identity.GetContextAsync();
                }
                catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                call.Response.StatusCode = call.Request.Headers["X-IDENTITY-HEADER"] == Secret ? 200 : 401;
                long expires = TimeProvider.System.GetUtcNow().AddHours(8).ToUnixTimeSeconds();
                string token = Token(call.Request.QueryString["resource"]!, expires);
                await call.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(
                    $$"""{"access_token":"{{token}}","expires_on":"{{expires}}","resource":"x","token_type":"Bearer"}"""));
                call.Response.Close();
            }
        });
    }

    private static string Token(string audience, long expires)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        string Encode(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
        const string Issuer = "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/";
        string claims = $$"""{"aud":"{{audience}}","iss":"{{Issuer}}","iat":{{now - 60}},"nbf":{{now - 60}},"exp":{{expires}}}""";
        return $"{Encode("""{"typ":"JWT","alg":"RS256"}""")}.{Encode(claims)}.{Encode("unsigned")}";
    }

    private async Task StartEmulatorAsync()
    {
        string script = await AzuriteInstallation.EnsureAsync(_ => { }, TestContext.Current.CancellationToken);
        _emulator = Process.Start(new ProcessStartInfo("node",
        [
            script, "--location", _files["data"], "--blobPort", "0", "--queuePort", "0", "--tablePort", "0", "--skipApiVersionCheck",
            "--disableTelemetry",
            "--silent", "--oauth", "basic", "--cert", _files["cert.pem"], "--key", _files["key.pem"],
        ])
        { UseShellExecute = false, RedirectStandardOutput = true })!;
        while (_endpoints.Count < 3)
        {
            string line = await _emulator.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)
                ?? throw new InvalidOperationException("The emulator did not start.");
            if (Listening().Match(line) is { Success: true } match)
                _endpoints[match.Groups["service"].Value] = $"{match.Groups["address"].Value}/devstoreaccount1";
        }
    }

    [GeneratedRegex(@"(?<service>Blob|Queue|Table) service is successfully listening at (?<address>https://127\.0\.0\.1:[0-9]+)",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listening();
}

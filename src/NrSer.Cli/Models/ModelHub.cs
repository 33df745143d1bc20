using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;

namespace NrSer.Cli.Models;

/// <summary>Finds the files of a model: on a hub laid out like huggingface.co, on GitHub, or in a folder.</summary>
/// <param name="download">Asks servers.</param>
/// <param name="hub">Where models of OWNER/NAME are.</param>
internal sealed partial class ModelHub(ModelDownload download, Uri hub)
{
    private const string CmganName = "cmgan", CmganFile = "ckpt", CmganRepository = "ruizhecao96/CMGAN", CmganPlace = "src/best_ckpt/ckpt";
    private const string CmganBranch = "main";
    private const string NrserFile = "best", NrserEnhancer = "SE", NrserBlock = "SNR"; // folders of NRSER's checkpoints, each with a file
    private const long CmganBytes = 7_700_000; // 1,834,833 parameters and an archive around them
    private const string Config = "config.json", Preprocessor = "preprocessor_config.json", Fixture = "fixture.json";

    private static readonly Uri s_gitHub = new("https://github.com/");
    private static readonly string[] s_weights = ["model.safetensors", "pytorch_model.bin"];

    private static readonly Dictionary<string, string> s_known = new(StringComparer.Ordinal)
    {
        ["hubert-base-superb-er"] = "superb/hubert-base-superb-er",
        ["hubert-large-superb-er"] = "superb/hubert-large-superb-er",
    };

    /// <summary>Where models are by default.</summary>
    public static Uri PublicHub { get; } = new("https://huggingface.co/");

    /// <summary>Names that need no owner.</summary>
    public static IEnumerable<string> Names => [CmganName, .. s_known.Keys];

    /// <summary>Finds a model.</summary>
    /// <param name="wanted">A name, an <c>owner/name</c>, or a folder.</param>
    /// <param name="from">A folder that has the files, or an address that stands for the hub's or GitHub's; null for none.</param>
    /// <param name="pin">What was seen of it before, so that nobody has to be asked; null to ask for what is newest.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="UsageException">There is no such name.</exception>
    /// <exception cref="ModelException">The hub does not have it, or not in a form that can be used.</exception>
    public async Task<ModelSource> FindAsync(string wanted, string? from, ModelPin? pin, CancellationToken cancellationToken)
    {
        if (from is null && IsFolder(wanted))
            return InFolder(wanted, IdOf(wanted), ModelLayout.Hubert);
        string id = IdOf(wanted);
        ModelLayout layout = wanted == CmganName ? ModelLayout.Cmgan : ModelLayout.Hubert;
        bool isAddress = Uri.TryCreate(from, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https";
        if (layout == ModelLayout.Hubert && !IsHubId(id))
        {
            throw new UsageException(
                $"'{wanted}' is no model that can be installed: give {string.Join(", ", Names)}, an OWNER/NAME of huggingface.co, or a folder "
                + "that has config.json and model.safetensors.");
        }

        if (from is not null && !isAddress)
            return Known(InFolder(from, id, layout), pin);
        Uri host = address is not null ? Root(address) : layout == ModelLayout.Cmgan ? s_gitHub : hub;
        ModelPin said = pin ?? (layout == ModelLayout.Cmgan
            ? new ModelPin(await HeadAsync(host, cancellationToken), "MIT", [new PinnedFile(CmganFile, CmganBytes, Sha256: null)])
            : await AskAsync(host, id, cancellationToken));
        string At(PinnedFile file) => layout == ModelLayout.Cmgan
            ? $"{CmganRepository}/raw/{said.Revision ?? CmganBranch}/{CmganPlace}"
            : $"{id}/resolve/{said.Revision}/{file.Name}";
        return new ModelSource(
            id, layout, said.Licence, layout == ModelLayout.Cmgan ? new Uri(s_gitHub, CmganRepository).ToString() : new Uri(host, id).ToString(),
            said.Revision,
            [.. said.Files.Select(file => new SourceFile(
                file.Name, new Uri(host, At(file)), file.Bytes, file.Sha256, IsExact: file.Name != CmganFile))])
        {
            IsNew = pin is null, Parameters = said.Parameters,
        };
    }

    /// <summary>Where a wish leads: a folder's full path, or a name at a source.</summary>
    /// <param name="wanted">As for <see cref="FindAsync"/>.</param>
    public static string IdOf(string wanted) => IsFolder(wanted) ? Path.GetFullPath(wanted) : s_known.GetValueOrDefault(wanted, wanted);

    /// <summary>A folder's files, which have to be those that were seen at the source whose name they are given.</summary>
    private static ModelSource Known(ModelSource folder, ModelPin? pin) =>
        folder with { Files = [.. folder.Files.Select(file => file with { Sha256 = pin?.Sha256Of(file.Name) })] };

    /// <summary>The hub that a user's environment names, as the hub's own programs understand it.</summary>
    /// <param name="endpoint">The value of HF_ENDPOINT, if there is one.</param>
    /// <exception cref="UsageException">It is no address.</exception>
    public static Uri HubAt(string? endpoint) => string.IsNullOrEmpty(endpoint) ? PublicHub
        : Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? Root(address)
        : throw new UsageException($"HF_ENDPOINT, '{endpoint}', is no address of a hub, such as {PublicHub}.");

    private static Uri Root(Uri address) => new($"{address.ToString().TrimEnd('/')}/");

    /// <summary>Whether a wish is a folder's name.</summary>
    public static bool IsFolder(string wanted) =>
        Path.IsPathRooted(wanted) || wanted.StartsWith('.') || (!s_known.ContainsKey(wanted) && wanted != CmganName && Directory.Exists(wanted));

    private static bool IsHubId(string id) => id.Split('/') is [{ Length: > 0 } owner, { Length: > 0 } name]
        && (owner + name).All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && owner[0] != '.' && name[0] != '.';

    /// <summary>The commit that CMGAN's branch is at, as git itself asks for it; null where a mirror has the file alone.</summary>
    private async Task<string?> HeadAsync(Uri gitHub, CancellationToken cancellationToken)
    {
        try
        {
            byte[] refs = await download.ReadAsync(new Uri(gitHub, $"{CmganRepository}/info/refs?service=git-upload-pack"), cancellationToken);
            Match head = CmganHead().Match(Encoding.ASCII.GetString(refs));
            return head.Success ? head.Groups["commit"].Value : null;
        }
        catch (ModelException refused) when (refused.InnerException is HttpRequestException { StatusCode: < HttpStatusCode.InternalServerError })
        {
            return null;
        }
    }

    private static ModelSource InFolder(string folder, string id, ModelLayout layout)
    {
        folder = Path.GetFullPath(folder);
        string weights = s_weights.FirstOrDefault(name => File.Exists(At(name))) ?? s_weights[0];
        string[] needed = layout == ModelLayout.Cmgan ? [CmganFile] : [weights, Config];
        if (!Directory.Exists(folder))
            throw new UsageException($"{folder} is no folder.");
        if (layout == ModelLayout.Hubert && !File.Exists(At(Config)) && File.Exists(At(CmganFile)))
            return InFolder(folder, id, ModelLayout.Cmgan);
        if (layout == ModelLayout.Cmgan && !File.Exists(At(CmganFile)) && Directory.Exists(At(NrserEnhancer)))
            return OfNrser(At(NrserEnhancer), id);
        if (!File.Exists(At(needed[^1])) && File.Exists(At(NrserFile)))
            return OfNrser(folder, id);
        if (needed.FirstOrDefault(name => !File.Exists(At(name))) is { } missing)
        {
            throw new UsageException(
                $"{folder} has no {missing}: a folder of HuBERT or wav2vec 2.0 has config.json and {string.Join(" or ", s_weights)}, one of CMGAN "
                + "has ckpt.");
        }

        string[] optional = [.. new[] { Preprocessor, Fixture }.Where(name => File.Exists(At(name)))];
        return new ModelSource(
            id, layout, layout == ModelLayout.Cmgan && id == CmganName ? "MIT" : "not stated", folder, Revision: null,
            [.. needed.Concat(optional).Select(name => new SourceFile(name, new Uri(At(name)), new FileInfo(At(name)).Length))]);

        string At(string name) => Path.Combine(folder, name);
    }

    /// <summary>NRSER's SNR-level block, where it lies beside the enhancer that it was trained with.</summary>
    /// <param name="enhancer">That enhancer.</param>
    /// <param name="id">What the enhancer is called here, <c>name@version</c>.</param>
    public static ModelSource? BlockBeside(ModelSource enhancer, string id)
    {
        if (enhancer.Layout != ModelLayout.Cmgan || !enhancer.Checkpoint.Place.IsFile)
            return null;
        string folder = Path.GetDirectoryName(enhancer.Checkpoint.Place.LocalPath)!;
        string? found = new[] { folder, Path.GetDirectoryName(folder) ?? folder }.Select(place => Path.Combine(place, NrserBlock))
            .FirstOrDefault(place => File.Exists(Path.Combine(place, NrserFile)));
        return found is null ? null : OfNrser(found, found) with { Enhancer = id };
    }

    /// <summary>One of NRSER's checkpoints; which it is, the names of its tensors tell.</summary>
    private static ModelSource OfNrser(string folder, string id)
    {
        string file = Path.Combine(folder, NrserFile);
        using var checkpoint = Checkpoint.Open(file);
        ModelLayout layout = checkpoint.Tensors.Keys switch
        {
            var names when NrserEmotionNames.Fits(names) => ModelLayout.NrserEmotion,
            var names when NrserSnrLayout.Fits(names) => ModelLayout.NrserSnr,
            _ => ModelLayout.Cmgan,
        };
        return new ModelSource(
            id, layout, "not stated", folder, Revision: null, [new SourceFile(NrserFile, new Uri(file), new FileInfo(file).Length)]);
    }

    [GeneratedRegex($"(?<commit>[0-9a-f]{{40}}) refs/heads/{CmganBranch}\n", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CmganHead();

    private async Task<ModelPin> AskAsync(Uri host, string id, CancellationToken cancellationToken)
    {
        var asked = new Uri(host, $"api/models/{id}/revision/main?blobs=true");
        byte[] answer = await download.ReadAsync(asked, cancellationToken);
        try
        {
            using JsonDocument document = JsonDocument.Parse(answer);
            JsonElement model = document.RootElement;
            string revision = model.GetProperty("sha").GetString() ?? "";
            if (revision.Length is < 7 or > 64 || !revision.All(char.IsAsciiHexDigitLower))
                throw new ModelException($"{asked} names no revision.");
            var files = new Dictionary<string, PinnedFile>(StringComparer.Ordinal);
            foreach (JsonElement file in model.GetProperty("siblings").EnumerateArray())
            {
                string name = file.GetProperty("rfilename").GetString() ?? "";
                string? sha256 = file.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object
                    && lfs.TryGetProperty("sha256", out JsonElement hash) ? hash.GetString() : null;
                long? bytes = file.TryGetProperty("size", out JsonElement size) && size.TryGetInt64(out long length) && length >= 0 ? length : null;
                files[name] = new PinnedFile(name, bytes, sha256);
            }

            string? weights = s_weights.FirstOrDefault(files.ContainsKey);
            if (weights is null || !files.TryGetValue(Config, out PinnedFile? config))
            {
                throw new ModelException(
                    $"{id} has no {(weights is null ? string.Join(" or ", s_weights) : Config)} at {revision[..7]}: it is none that can be installed"
                    + (files.Keys.Any(name => name.EndsWith(".index.json", StringComparison.Ordinal)) ? ", or one in several parts." : "."));
            }

            return new ModelPin(
                revision, LicenceOf(model), [files[weights], config, .. new[] { files.GetValueOrDefault(Preprocessor) }.OfType<PinnedFile>()])
            {
                Parameters = weights == s_weights[0] ? ParametersOf(model) : null,
            };
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ModelException($"{asked} does not answer as a hub does: {error.Message}", error);
        }
    }

    /// <summary>What the hub found in model.safetensors.</summary>
    private static long? ParametersOf(JsonElement model) =>
        model.TryGetProperty("safetensors", out JsonElement found) && found.ValueKind == JsonValueKind.Object
        && found.TryGetProperty("total", out JsonElement total) && total.TryGetInt64(out long count) && count is >= 0 and < 1L << 40 ? count : null;

    /// <summary>As the repository states it; it is a stranger's text on a user's screen.</summary>
    private static string LicenceOf(JsonElement model)
    {
        string stated = string.Concat(Stated(model).Where(c => !char.IsControl(c)));
        return stated.Length <= 100 ? stated : $"{stated[..100]}…";
    }

    private static string Stated(JsonElement model)
    {
        if (model.TryGetProperty("cardData", out JsonElement card) && card.ValueKind == JsonValueKind.Object
            && card.TryGetProperty("license", out JsonElement licence) && licence.ValueKind == JsonValueKind.String)
        {
            return licence.GetString()!;
        }

        const string Tag = "license:";
        return model.TryGetProperty("tags", out JsonElement tags) && tags.ValueKind == JsonValueKind.Array
            ? tags.EnumerateArray().Select(tag => tag.ToString()).FirstOrDefault(tag => tag.StartsWith(Tag, StringComparison.Ordinal))?[Tag.Length..]
                ?? "not stated"
            : "not stated";
    }
}

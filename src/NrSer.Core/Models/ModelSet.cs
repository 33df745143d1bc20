using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace NrSer.Core.Models;

/// <summary>The chosen models of this process, each loaded when first used, and once.</summary>
public sealed partial class ModelSet : IDisposable
{
    private readonly Lazy<OnnxModel> _enhancer;
    private readonly Lazy<OnnxModel> _snrLevel;
    private readonly Lazy<OnnxModel> _emotion;
    private readonly Lazy<OnnxModel> _screenEnhancer;
    private readonly Lazy<OnnxModel> _screenSnrLevel;
    private readonly ILogger _logger;
    private int _toldDevice;

    /// <param name="options">Catalogue, names, device and threads.</param>
    /// <param name="logger">Told once where the models run.</param>
    /// <exception cref="ModelException">The catalogue is not valid, or lacks a named model.</exception>
    public ModelSet(IOptions<ModelOptions> options, ILogger<ModelSet> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _logger = logger;
        Options = options.Value;
        Catalog = ModelCatalog.Load(Options.CatalogPath, Options.InstalledPath);
        EnhancerEntry = Catalog.Choose(ModelKind.Enhancer, Options.Enhancer);
        SnrLevelEntry = Catalog.Choose(ModelKind.SnrLevel, Options.SnrLevel);
        EmotionEntry = Catalog.Choose(ModelKind.Emotion, Options.Emotion);
        _enhancer = new(() => Load(EnhancerEntry));
        _snrLevel = new(() =>
        {
            Catalog.RequirePair(EnhancerEntry, SnrLevelEntry);
            return Load(SnrLevelEntry);
        });
        _emotion = new(() => Load(EmotionEntry));
        if (Options.Cascade && Catalog.ChooseOwn(ModelKind.Enhancer) is var own && own != EnhancerEntry)
            Screen = (own, Catalog.ChooseOwn(ModelKind.SnrLevel));
        _screenEnhancer = new(() => Load(Screen!.Value.Enhancer));
        _screenSnrLevel = new(() => Load(Screen!.Value.SnrLevel));
    }

    /// <summary>How they run.</summary>
    public ModelOptions Options { get; }

    /// <summary>Where they come from.</summary>
    public ModelCatalog Catalog { get; }

    /// <summary>The chosen enhancer's entry.</summary>
    public ModelEntry EnhancerEntry { get; }

    /// <summary>The chosen SNR-level block's entry.</summary>
    public ModelEntry SnrLevelEntry { get; }

    /// <summary>The chosen emotion model's entry.</summary>
    public ModelEntry EmotionEntry { get; }

    /// <summary>What hears everything first, so that the enhancer need not; null without <see cref="ModelOptions.Cascade"/>.</summary>
    public (ModelEntry Enhancer, ModelEntry SnrLevel)? Screen { get; }

    /// <summary>The lowest quality among them: results are worth no more.</summary>
    public string Quality => new[] { EnhancerEntry, SnrLevelEntry, EmotionEntry, Screen?.Enhancer, Screen?.SnrLevel }.OfType<ModelEntry>()
        .All(entry => entry.Quality == "production") ? "production" : "demonstration";

    /// <summary>The enhancer.</summary>
    /// <exception cref="ModelException">It cannot be loaded.</exception>
    public OnnxModel Enhancer => _enhancer.Value;

    /// <summary>The SNR-level block.</summary>
    /// <exception cref="ModelException">It cannot be loaded, or belongs to another enhancer than the chosen one.</exception>
    public OnnxModel SnrLevel => _snrLevel.Value;

    /// <summary>The emotion model.</summary>
    /// <exception cref="ModelException">It cannot be loaded.</exception>
    public OnnxModel Emotion => _emotion.Value;

    /// <summary>The enhancer of <see cref="Screen"/>, where there is one.</summary>
    /// <exception cref="ModelException">It cannot be loaded.</exception>
    public OnnxModel ScreenEnhancer => _screenEnhancer.Value;

    /// <summary>The SNR-level block of <see cref="Screen"/>, where there is one.</summary>
    /// <exception cref="ModelException">It cannot be loaded.</exception>
    public OnnxModel ScreenSnrLevel => _screenSnrLevel.Value;

    /// <summary>Time spent inside the networks so far, added up over all threads.</summary>
    public TimeSpan InferenceTime => Loaded().Aggregate(TimeSpan.Zero, (sum, model) => sum + model.InferenceTime);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (OnnxModel model in Loaded())
            model.Dispose();
    }

    private OnnxModel Load(ModelEntry entry)
    {
        OnnxModel model = OnnxModel.Load(Catalog, entry, Options);
        if (Interlocked.Exchange(ref _toldDevice, 1) == 0)
            LogDevice(model.Device, Options.ExecutionProvider);
        return model;
    }

    private IEnumerable<OnnxModel> Loaded() =>
        new[] { _enhancer, _snrLevel, _emotion, _screenEnhancer, _screenSnrLevel }.Where(model => model.IsValueCreated).Select(model => model.Value);

    [LoggerMessage(1101, LogLevel.Information, "Models run on {Device} ({Asked} was asked for)")]
    private partial void LogDevice(ExecutionProvider device, ExecutionProvider asked);
}

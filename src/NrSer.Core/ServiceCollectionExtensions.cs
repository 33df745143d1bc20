using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Emotion;
using NrSer.Core.Enhancement;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using NrSer.Core.Snr;

namespace NrSer.Core;

/// <summary>Registration of the method.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>Adds audio decoding, the models (loaded when first used) and the method, with options from configuration.</summary>
    /// <param name="services">Receives them, all as singletons.</param>
    public static IServiceCollection AddNrSerCore(this IServiceCollection services)
    {
        services.AddOptions<ModelOptions>().BindConfiguration(ModelOptions.Section).ValidateOnStart();
        services.AddOptions<SegmentationOptions>().BindConfiguration(SegmentationOptions.Section).ValidateOnStart();
        services.AddOptions<EmotionOptions>().BindConfiguration(EmotionOptions.Section).ValidateOnStart();
        services.AddOptions<AudioOptions>().BindConfiguration(AudioOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AudioOptions>, AudioOptionsValidator>();
        services.AddSingleton<IValidateOptions<ModelOptions>, ModelOptionsValidator>();
        services.AddSingleton<IValidateOptions<SegmentationOptions>, SegmentationOptionsValidator>();
        services.AddSingleton<IValidateOptions<EmotionOptions>, EmotionOptionsValidator>();

        services.AddSingleton(provider => new AudioDecoder(
            provider.GetRequiredService<IOptions<AudioOptions>>().Value, provider.GetService<ILogger<AudioDecoder>>()));
        services.AddSingleton<ModelSet>();
        services.AddSingleton<ISpeechEnhancer>(provider =>
        {
            ModelSet models = provider.GetRequiredService<ModelSet>();
            return new OnnxSpeechEnhancer(models.Enhancer, models.Options.EffectiveThreads);
        });
        services.AddSingleton(provider => new SnrLevelBlock(provider.GetRequiredService<ModelSet>().SnrLevel));
        services.AddSingleton<IEmotionClassifier>(provider => new OnnxEmotionClassifier(provider.GetRequiredService<ModelSet>().Emotion));
        services.AddSingleton(provider =>
        {
            ModelSet models = provider.GetRequiredService<ModelSet>();
            int threads = models.Options.EffectiveThreads;
            return new SpeechReconstituter(
                provider.GetRequiredService<ISpeechEnhancer>(), provider.GetRequiredService<SnrLevelBlock>(),
                provider.GetRequiredService<IOptions<SegmentationOptions>>().Value, threads,
                models.Screen is null ? null
                    : new Screen(new OnnxSpeechEnhancer(models.ScreenEnhancer, threads), new SnrLevelBlock(models.ScreenSnrLevel)));
        });
        services.AddSingleton(provider => new SegmentEmotionRecognizer(
            provider.GetRequiredService<IEmotionClassifier>(), provider.GetRequiredService<IOptions<EmotionOptions>>().Value,
            provider.GetRequiredService<ModelSet>().Options.EffectiveThreads));
        services.AddSingleton<NoiseRobustEmotionRecognizer>();
        return services;
    }
}

namespace NrSer.Pipeline.Work;

/// <summary>A queue with peek-lock: Azure storage queues on a laptop, Service Bus in Azure.</summary>
public interface IWorkQueue
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>Sends messages; may send them twice when it fails in between.</summary>
    /// <param name="messages">Any number.</param>
    /// <param name="cancellationToken">Stops between messages.</param>
    Task SendAsync(IReadOnlyCollection<WorkMessage> messages, CancellationToken cancellationToken);

    /// <summary>Takes what is there, without waiting. A message stays hidden from others until its lock runs out.</summary>
    /// <param name="max">At most this many, 1 to 32.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    Task<IReadOnlyList<WorkDelivery>> ReceiveAsync(int max, CancellationToken cancellationToken);

    /// <summary>When the message at the head of the queue was sent: whatever was sent before that does not wait here any more.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>Null when no message waits; messages in work may count as waiting or not.</returns>
    Task<DateTimeOffset?> OldestSentAtAsync(CancellationToken cancellationToken);
}

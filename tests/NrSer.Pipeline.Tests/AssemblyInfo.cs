using NrSer.Testing;

[assembly: AssemblyFixture(typeof(StorageEmulator))]

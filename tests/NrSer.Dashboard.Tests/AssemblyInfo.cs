using NrSer.Dashboard.Tests;

[assembly: AssemblyFixture(typeof(Site))]

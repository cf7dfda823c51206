using System.Data.Common;

namespace Gemma4.Server.Storage.Databases;

/// <summary>Statements within one read or one transaction. SQL is the part that SQLite and PostgreSQL share; parameters are <c>@name</c>, numbers are 64 bits.</summary>
internal sealed class DatabaseSession(DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
{
    /// <summary>Runs a statement.</summary>
    /// <returns>The rows it changed.</returns>
    public async ValueTask<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using DbCommand command = Command(sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>All rows of a query.</summary>
    public async ValueTask<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> row, params (string Name, object? Value)[] parameters)
    {
        await using DbCommand command = Command(sql, parameters);
        await using DbDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(row(reader));
        return rows;
    }

    /// <summary>The first row of a query; null when there is none.</summary>
    public async ValueTask<T?> FirstAsync<T>(string sql, Func<DbDataReader, T> row, params (string Name, object? Value)[] parameters)
        where T : class => (await QueryAsync(sql, row, parameters)).FirstOrDefault();

    /// <summary>The number in the first row of a query; null when there is no row or none in it.</summary>
    public async ValueTask<long?> NumberAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        List<long?> rows = await QueryAsync(sql, row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), parameters);
        return rows.Count == 0 ? null : rows[0];
    }

    private DbCommand Command(string sql, (string Name, object? Value)[] parameters)
    {
        DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        foreach ((string name, object? value) in parameters)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value switch
            {
                null => DBNull.Value,
                int number => (long)number,
                bool flag => flag ? 1L : 0L,
                // PostgreSQL has no U+0000 in texts, and callers may name anything.
                string text when text.Contains('\0') => text.Replace('\0', '\ufffd'),
                _ => value,
            };
            command.Parameters.Add(parameter);
        }
        return command;
    }
}

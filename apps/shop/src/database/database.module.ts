import {
  Global,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ShopConfig } from '../shop.config.js';
import { type DatabaseConnection, openDatabase } from './database.connection.js';
import { SHOP_DATABASE } from './shop-database.js';

const CONNECTION = Symbol('shop:database-connection');

/** Closes after the last request was answered: the HTTP server is down when this hook runs. */
@Injectable()
class DatabaseCloser implements OnApplicationShutdown {
  constructor(@Inject(CONNECTION) private readonly connection: DatabaseConnection) {}

  onApplicationShutdown(): Promise<void> {
    return this.connection.close();
  }
}

@Global()
@Module({
  providers: [
    {
      provide: CONNECTION,
      inject: [ShopConfig],
      useFactory: async (config: ShopConfig) => {
        const connection = await openDatabase(config);
        new Logger('Database').log(`Catalogue in ${connection.description}`);
        return connection;
      },
    },
    {
      provide: SHOP_DATABASE,
      inject: [CONNECTION],
      useFactory: (connection: DatabaseConnection) => connection.database,
    },
    DatabaseCloser,
  ],
  exports: [SHOP_DATABASE],
})
export class DatabaseModule {}

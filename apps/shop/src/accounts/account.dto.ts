import { Transform } from 'class-transformer';
import { IsEmail, IsString, MaxLength, MinLength } from 'class-validator';

const LowerCase = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim().toLowerCase() : value,
  );

export class CredentialsDto {
  @LowerCase()
  @IsEmail({}, { message: 'Please enter an e-mail address' })
  @MaxLength(200)
  readonly email!: string;

  @IsString()
  @MinLength(8, { message: 'A password has at least 8 characters' })
  @MaxLength(200)
  readonly password!: string;
}
